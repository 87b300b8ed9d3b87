"""How good probabilities were, once it is known what happened."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

BINS = 10
_TINY = 1e-6


@dataclass(frozen=True)
class Verdict:
    """`auc` is None where only one outcome occurred. The lower the better: `brier` (mean squared error), `log_loss`, and `ece`.

    `ece` is the mean distance between what was said and what happened, over equally filled bins. `bins` has, per bin, what
    was said on average, how often it happened, and how many rows there were.
    """

    rows: int
    happened: int
    auc: float | None
    brier: float
    log_loss: float
    ece: float
    bins: tuple[tuple[float, float, int], ...]

    def as_plain(self) -> dict[str, Any]:
        return {**asdict(self), "bins": [list(one) for one in self.bins]}


def judge(probabilities: np.ndarray, happened: np.ndarray) -> Verdict:
    """What the outcomes say of these probabilities. Raises ValueError for no rows."""
    from sklearn.metrics import roc_auc_score

    if not len(happened):
        raise ValueError("there is nothing to judge on")
    outcomes = happened.astype(float)
    both = 0 < outcomes.sum() < len(outcomes)
    bins = _bins(probabilities, outcomes)
    return Verdict(
        rows=len(outcomes),
        happened=int(outcomes.sum()),
        auc=float(roc_auc_score(outcomes, probabilities)) if both else None,
        brier=float(((probabilities - outcomes) ** 2).mean()),
        log_loss=float(losses(probabilities, outcomes).mean()),
        ece=float(sum(abs(said - was) * rows for said, was, rows in bins) / len(outcomes)),
        bins=bins,
    )


def losses(probabilities: np.ndarray, happened: np.ndarray) -> np.ndarray:
    """The log loss of each row."""
    said = np.clip(probabilities, _TINY, 1 - _TINY)
    each: np.ndarray = -np.where(happened.astype(bool), np.log(said), np.log1p(-said))
    return each


def is_clearly_better(
    probabilities: np.ndarray, than: np.ndarray, happened: np.ndarray, *, clusters: np.ndarray
) -> bool:
    """Whether the first loses less than the second by more than two standard errors of the difference.

    `clusters` names who each row is about: what is said of one person on several days is not several pieces of evidence.
    """
    gain = losses(than, happened) - losses(probabilities, happened)
    _, of = np.unique(clusters, return_inverse=True)
    sums = np.bincount(of, weights=gain - gain.mean())
    return bool(gain.sum() > 2 * np.sqrt((sums**2).sum()))


def _bins(probabilities: np.ndarray, outcomes: np.ndarray) -> tuple[tuple[float, float, int], ...]:
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return tuple((float(probabilities[part].mean()), float(outcomes[part].mean()), len(part)) for part in parts)
