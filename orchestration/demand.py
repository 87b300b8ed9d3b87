"""From a series of demand to its forecast, through ml; several series at a time where there are several tenants.

Fitting is nearly all processor time, and threads of one process would wait for each other: it is done in processes of their
own. They are spawned (a fork of a process with threads may hang), import what they need in some seconds, and so begin only
when a series wants one; a run in which nothing changed never starts any.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Self

from warehouse.forecasts import DemandSeries, SeriesForecast

# below, starting a process takes longer than what it saves
LEAST_TENANTS = 3


class Forecasters:
    """A forecaster for `warehouse.forecasts`, to be called from the threads of a run of so many tenants."""

    def __init__(self, tenants: int) -> None:
        workers = min(_cores(), tenants)
        many = workers > 1 and tenants >= LEAST_TENANTS
        self._pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn")) if many else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def __call__(self, demand: DemandSeries) -> SeriesForecast:
        """Raises what the forecast raised."""
        if self._pool is None:
            return demand_forecast(demand)
        try:
            return self._pool.submit(demand_forecast, demand).result()
        except BrokenProcessPool:  # one was killed, for want of memory as a rule: here there is room for one
            return demand_forecast(demand)


def demand_forecast(demand: DemandSeries) -> SeriesForecast:
    """The demand as a DataFrame through ml; loads pandas, and so only where something is forecast."""
    import pandas as pd

    from ml.demand_forecast import forecast

    counts = pd.Series(demand.counts, dtype=float)
    made = forecast(
        pd.DataFrame({"starts_at": pd.DatetimeIndex(demand.starts, tz="UTC"), "count": counts}),
        timezone=demand.timezone,
        now=pd.Timestamp(demand.now),
        special_days=demand.special_days,
        grains=demand.grains,
    )
    return SeriesForecast(_records(made.rows), _records(made.hindsight), _records(made.backtests))


def _records(frame: Any) -> list[dict[str, Any]]:
    """A DataFrame's rows, nulls as None."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _cores() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
