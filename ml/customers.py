"""What a customer is worth in their first year, by segment; and whether people mind the price, where prices really varied."""

from __future__ import annotations

import numpy as np
import pandas as pd

MONTHS, DAYS_A_MONTH = 12, 30
LEAST_CUSTOMERS, LEAST_OBSERVED, PRIOR_CUSTOMERS = 30, 10, 20
RESAMPLES = 300
LEAST_OF_A_PRICE, LEAST_PRICES, LEAST_SPREAD = 20, 3, 1.05


def values(customers: pd.DataFrame, revenue: pd.DataFrame, *, now: pd.Timestamp) -> pd.DataFrame:
    """`segment`, `customers`, `months`, `value`, `lower_80`, `upper_80`, `is_own` by segment.

    `customers` has `person_id`, `segment` and `customer_since`, `revenue` has `person_id`, `at` and `value`. The value is the revenue
    of the first `months` months (of 30 days, at most 12) of a customer, drawn towards that of all customers by 20 customers'
    weight: each month's mean over those who have been customers for so long, added up; months that fewer than ten have lived
    to see are left out. With fewer than 30 customers of its own (`is_own` false) a segment has the value of all.
    """
    if customers.empty:
        return pd.DataFrame(
            columns=pd.Index(["segment", "customers", "months", "value", "lower_80", "upper_80", "is_own"])
        )
    lived = ((now - customers["customer_since"]).dt.days // DAYS_A_MONTH).clip(upper=MONTHS).to_numpy()
    seen = np.arange(MONTHS) < lived[:, None]
    months = max(int((seen.sum(axis=0) >= LEAST_OBSERVED).sum()), 1)
    place = pd.Series(range(len(customers)), index=customers["person_id"])
    known = revenue[revenue["person_id"].isin(place.index)]
    rows = place[known["person_id"]].to_numpy()
    since = customers["customer_since"].to_numpy()[rows]
    month = ((known["at"].to_numpy() - since) / np.timedelta64(DAYS_A_MONTH, "D")).astype(float)
    spent = np.zeros((len(customers), MONTHS))
    inside = (month >= 0) & (month < MONTHS)
    np.add.at(spent, (rows[inside], month[inside].astype(int)), known["value"].to_numpy(dtype=float)[inside])
    spent, seen = np.where(seen, spent, 0.0)[:, :months], seen[:, :months].astype(float)
    overall = _yearly(spent, seen, np.ones((1, len(customers))))[0]
    found = []
    for segment, members in customers.reset_index(drop=True).groupby("segment").groups.items():
        own = np.asarray(members)
        is_own = len(own) >= LEAST_CUSTOMERS
        chosen = own if is_own else np.arange(len(customers))
        weights = np.random.default_rng(0).multinomial(len(chosen), np.full(len(chosen), 1 / len(chosen)), RESAMPLES)
        weights[0] = 1  # the customers as they are
        several = _yearly(spent[chosen], seen[chosen], weights.astype(float))
        if is_own:
            several = (len(own) * several + PRIOR_CUSTOMERS * overall) / (len(own) + PRIOR_CUSTOMERS)
        found.append((segment, len(own), months, several[0], *np.quantile(several, [0.1, 0.9]), is_own))
    return pd.DataFrame(
        found, columns=pd.Index(["segment", "customers", "months", "value", "lower_80", "upper_80", "is_own"])
    )


def _yearly(spent: np.ndarray, seen: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The sum of each month's mean over those who have lived to see it, under several weightings of the customers."""
    yearly: np.ndarray = ((weights @ spent) / np.maximum(weights @ seen, 1e-9)).sum(axis=1)
    return yearly


def price_responses(bookings: pd.DataFrame) -> pd.DataFrame:
    """`procedure`, `bookings`, `prices`, `effect`, `lower_80`, `upper_80`, `verdict` by procedure.

    `bookings` (settled ones) has `procedure`, `value` and `is_attended`. `effect` is by how much a price 10 % above the usual one
    changes the chance that somebody comes (logistic regression on the logarithm of the price); null where prices did not really
    vary: fewer than three prices asked at least twenty times each, or all within 5 %.
    """
    found: list[tuple[object, ...]] = []
    for procedure, own in bookings[bookings["value"] > 0].groupby("procedure"):
        counts = own["value"].round(2).value_counts()
        common = counts[counts >= LEAST_OF_A_PRICE].index.to_numpy(dtype=float)
        if len(common) < LEAST_PRICES or common.max() < LEAST_SPREAD * common.min():
            found.append(
                (procedure, len(own), len(common), None, None, None, "cannot be told: its price hardly varied")
            )
            continue
        effect, error = _effect(np.log(own["value"] / own["value"].median()).to_numpy(dtype=float), own["is_attended"])
        lower, upper = effect - 1.2816 * error, effect + 1.2816 * error
        verdict = "people mind" if upper < 0 else "people come rather" if lower > 0 else "no effect beyond luck"
        found.append((procedure, len(own), len(common), effect, lower, upper, verdict))
    names = ["procedure", "bookings", "prices", "effect", "lower_80", "upper_80", "verdict"]
    return pd.DataFrame(found, columns=pd.Index(names))


def _effect(log_price: np.ndarray, attended: pd.Series) -> tuple[float, float]:
    """The change of the chance for a price 10 % higher, and its standard error (Newton's method, delta method)."""
    design, came = np.column_stack([np.ones(len(log_price)), log_price]), attended.to_numpy(dtype=float)
    beta = np.zeros(2)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        information = (design * (chance * (1 - chance))[:, None]).T @ design + 1e-6 * np.eye(2)
        step = np.linalg.solve(information, design.T @ (came - chance))
        beta += step
        if np.abs(step).max() < 1e-9:
            break
    usual = 1 / (1 + np.exp(-beta[0]))
    slope = usual * (1 - usual) * np.log(1.1)
    return float(beta[1] * slope), float(np.sqrt(np.linalg.inv(information)[1, 1]) * slope)
