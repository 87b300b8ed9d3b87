"""How to spread a marketing budget over channels whose returns diminish, as far as the past can tell.

Per channel, the customers of a week are Poisson around `organic + gain * (cost / usual cost) ** power`, the power at most 1. All
combinations of a grid are weighed by how likely they make what happened, which keeps the uncertainty: a channel is told only
if what it brings can be told from nothing, and a change of the budget only if it is very likely better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

LEAST_WEEKS, LEAST_CUSTOMERS = 8, 20
LEAST_SPREAD = 1.5  # between a dear and a cheap week, where there is none without cost
LEAST_EVIDENCE = 1.92  # log-likelihood over no effect at all: the 5 % point of a likelihood ratio with one parameter
LEAST_CERTAINTY = 0.8
POWERS = np.array([0.3, 0.45, 0.6, 0.75, 0.9, 1.0])
STEPS, DRAWS = 200, 600


@dataclass(frozen=True)
class Response:
    """What a channel's weekly cost brings; `refusal` says why that cannot be told.

    `gain` and `power` are equally likely pairs; costs are per week.
    """

    channel: str
    cost_now: float
    least: float
    most: float
    unit: float
    gain: np.ndarray
    power: np.ndarray
    refusal: str | None = None

    def customers(self, cost: float) -> np.ndarray:
        """What this weekly cost brings besides who comes anyway, in each of the pairs."""
        brought: np.ndarray = self.gain * (cost / self.unit) ** self.power
        return brought


def fit(weeks: pd.DataFrame, channel: str) -> Response:
    """`weeks` has `cost` and `customers` of the channel's whole weeks, oldest first, those without any cost included."""
    cost, customers = weeks["cost"].to_numpy(dtype=float), weeks["customers"].to_numpy(dtype=float)
    spent = cost > 0
    now = float(cost[-4:].mean()) if len(cost) else 0.0
    refusal = _refusal(cost, customers)
    unit = float(cost[spent].mean()) if spent.any() else 1.0
    if refusal is None:
        gain, power, evidence = _posterior(cost / unit, customers)
        if evidence < LEAST_EVIDENCE:
            refusal = "its customers cannot be told from those who come anyway"
    if refusal is not None:
        return Response(channel, now, now, now, unit, np.zeros(1), np.ones(1), refusal)
    least = 0.0 if (~spent).sum() >= 4 else float(np.quantile(cost[spent], 0.05))
    return Response(channel, now, least, float(np.quantile(cost[spent], 0.95)), unit, gain, power)


def allocate(responses: Mapping[str, Response], budget: float) -> pd.DataFrame:
    """A row per channel: `channel`, `cost_now`, `cost_advised`, `gain`, `gain_lower_80`, `gain_upper_80`, `certainty`, `verdict`.

    `budget` is per week and for all channels; those that cannot be told keep what they have. No channel is advised more or less
    than it has ever had. `gain` is in customers per week, of the whole change; `certainty` the chance that it is one.
    """
    told = {name: one for name, one in responses.items() if one.refusal is None}
    free = budget - sum(one.cost_now for name, one in responses.items() if name not in told)
    advised = _greedy(told, free) if len(told) > 1 and free > 0 else {}
    rows = []
    gains = (
        sum((one.customers(advised[name]) - one.customers(one.cost_now) for name, one in told.items()), np.zeros(1))
        if advised
        else np.zeros(1)
    )
    certainty = float((gains > 0).mean())
    worth_it = certainty >= LEAST_CERTAINTY
    for name, one in sorted(responses.items()):
        if one.refusal is not None:
            verdict = f"cannot be told: {one.refusal}"
        elif not advised:
            verdict = "keep: there is no second channel that can be told"
        elif not worth_it:
            verdict = "keep: no change is likely enough to be better"
        else:
            verdict = "change"
        cost = advised[name] if verdict == "change" else one.cost_now
        change = one.customers(cost) - one.customers(one.cost_now)
        rows.append(
            (name, one.cost_now, cost, float(change.mean()), *np.quantile(change, [0.1, 0.9]), certainty, verdict)
        )
    names = ["channel", "cost_now", "cost_advised", "gain", "gain_lower_80", "gain_upper_80", "certainty", "verdict"]
    return pd.DataFrame(rows, columns=pd.Index(names))


def _refusal(cost: np.ndarray, customers: np.ndarray) -> str | None:
    spent = cost > 0
    if spent.sum() < LEAST_WEEKS:
        return f"it had costs in {int(spent.sum())} weeks; {LEAST_WEEKS} are needed"
    if customers.sum() < LEAST_CUSTOMERS:
        return f"it has {int(customers.sum())} customers; {LEAST_CUSTOMERS} are needed"
    dear, cheap = np.quantile(cost[spent], [0.9, 0.1])
    if (~spent).sum() < 4 and dear < LEAST_SPREAD * cheap:
        return "its cost hardly ever changed"
    return None


def _posterior(cost: np.ndarray, customers: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Equally likely (gain, power) pairs, and the evidence that the gain is not nothing."""
    mean = customers.mean()
    organic = np.linspace(1e-3, 2 * mean + 0.1, 30)
    gains = np.linspace(0, 4 * mean + 0.1, 41)
    powered = cost ** POWERS[:, None]
    powered[:, cost <= 0] = 0.0
    expected = organic[:, None, None, None] + gains[:, None, None] * powered
    likelihood = (customers * np.log(expected) - expected).sum(axis=-1)
    evidence = float(likelihood[:, 1:].max() - likelihood[:, 0].max())
    weights = np.exp(likelihood - likelihood.max()).sum(axis=0)
    drawn = np.random.default_rng(0).choice(weights.size, DRAWS, p=weights.ravel() / weights.sum())
    gain, power = np.unravel_index(drawn, weights.shape)
    return gains[gain], POWERS[power], evidence


def _greedy(told: Mapping[str, Response], budget: float) -> dict[str, float]:
    """The next bit always goes where it is expected to bring most: the best spread, as returns diminish."""
    spread = {name: one.least for name, one in told.items()}
    left = budget - sum(spread.values())
    step = max(left, 0.0) / STEPS
    while left >= step > 0:
        best, most = None, 0.0
        for name, one in told.items():
            if spread[name] + step <= one.most + 1e-9:
                gained = float((one.customers(spread[name] + step) - one.customers(spread[name])).mean())
                if gained > most:
                    best, most = name, gained
        if best is None:
            break
        spread[best] += step
        left -= step
    return spread
