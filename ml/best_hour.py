"""When to write to somebody: the hour at which they, and people like them, are at their phone, and the business is too."""

from __future__ import annotations

import numpy as np

OWN_WEIGHTS = (0.0, 0.15, 0.3, 0.45, 0.6)
SPREAD_HOURS = 1.5
AT_WORK = 0.01  # an hour in which the business writes at least this share of its replies
_HOURS = np.arange(24)


def profile(counts: np.ndarray) -> np.ndarray:
    """The share of each hour of the day, smoothed over its neighbours; even where there is nothing to count."""
    smooth = counts @ _kernel() + 1.0
    shares: np.ndarray = smooth / smooth.sum()
    return shares


def expected(own_hours: np.ndarray, of_all: np.ndarray, own_weight: float) -> np.ndarray:
    """When each person's next message may come: a row per person, a column per hour, summing to 1.

    `own_hours` has a row per person of hours in which they wrote (NaN where not known), `of_all` is the profile of everybody.
    """
    known = ~np.isnan(own_hours)
    kernel = _kernel()[np.where(known, own_hours, 0).astype(int) % 24] * known[..., None]
    counted = known.sum(axis=1)
    own = kernel.sum(axis=1) / np.maximum(counted, 1)[:, None]
    weight = np.where(counted > 0, own_weight, 0.0)[:, None]
    mixed: np.ndarray = weight * own + (1 - weight) * of_all
    return mixed


def own_weight(own_hours: np.ndarray, next_hours: np.ndarray, of_all: np.ndarray) -> float:
    """How much a person's own hours tell beyond everybody's: the weight under which what came next was likeliest."""
    if not len(next_hours):
        return 0.0
    rows, hours = np.arange(len(next_hours)), next_hours.astype(int)
    likelihoods = [np.log(expected(own_hours, of_all, weight)[rows, hours]).sum() for weight in OWN_WEIGHTS]
    return OWN_WEIGHTS[int(np.argmax(likelihoods))]


def best_hours(own_hours: np.ndarray, of_all: np.ndarray, weight: float, business_replies: np.ndarray) -> np.ndarray:
    """The likeliest hour (0 to 23) of each person among those in which the business answers people; -1 if it never does."""
    at_work = business_replies > AT_WORK * max(business_replies.sum(), 1)
    if not at_work.any():
        return np.full(len(own_hours), -1)
    # many people, but hours are few: each combination is weighed once
    codes = (np.nan_to_num(own_hours, nan=-1.0) + 1) @ 25.0 ** np.arange(own_hours.shape[1])
    _, first, which = np.unique(codes, return_index=True, return_inverse=True)
    likely = np.where(at_work, expected(own_hours[first], of_all, weight), -1.0)
    hours: np.ndarray = np.argmax(likely, axis=1)[which]
    return hours


def _kernel() -> np.ndarray:
    """How much an hour tells of each other one: a bell around the clock."""
    apart = np.abs(_HOURS[:, None] - _HOURS)
    apart = np.minimum(apart, 24 - apart)
    bell = np.exp(-0.5 * (apart / SPREAD_HOURS) ** 2)
    kernel: np.ndarray = bell / bell.sum(axis=1, keepdims=True)
    return kernel
