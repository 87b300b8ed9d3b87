"""Learning from snapshots of past moments who becomes a customer, and who falls silent.

Everything is split by time: a model is fitted on the oldest snapshots, its strength and calibration are set on later ones, and
it is judged on the last weeks, which it has not seen. Between the parts lie as many days as the outcome takes to be known,
so that no outcome of one part happens in the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from ml import additive
from ml.additive import AdditiveModel
from ml.evaluation import Verdict, is_clearly_better, judge
from ml.lead_features import CATEGORICAL, NUMERIC

CUSTOMER_DAYS, SILENCE_DAYS = 30, 14
HELD_OUT_DAYS = 56
TUNED_ON = 0.25  # the last part of the training snapshots
STRENGTHS = (0.003, 0.01, 0.03, 0.1)
LEAST_POSITIVES = 30  # to fit a model at all
LEAST_HELD_OUT_POSITIVES = 10  # to judge one
MOST_ROWS = 20_000

POOLED = "*"
Method = Literal["additive", "maturity", "base_rate"]


@dataclass(frozen=True)
class Examples:
    """Snapshots as features, of when and whom each is, and whether the outcome happened."""

    features: pd.DataFrame
    at: pd.Series
    person: pd.Series
    happened: np.ndarray

    def where(self, rows: np.ndarray) -> Examples:
        return Examples(self.features[rows], self.at[rows], self.person[rows], self.happened[rows])

    @property
    def tenants(self) -> list[str]:
        return sorted(self.features["tenant_id"].unique())

    def of(self, tenant_id: str) -> Examples:
        return self.where((self.features["tenant_id"] == tenant_id).to_numpy())


@dataclass(frozen=True)
class Candidate:
    """A model that could answer, and what it was made from; `verdict` is of rows it has not seen."""

    tenant_id: str
    method: Method
    model: AdditiveModel
    trained_from: pd.Timestamp
    trained_until: pd.Timestamp
    verdict: Verdict | None = None
    strength: float | None = None
    """Of the penalty, of an additive model just fitted."""


@dataclass(frozen=True)
class Split:
    """The parts of the examples, oldest first."""

    fitted: Examples
    tuned: Examples
    training: Examples
    held_out: Examples


@dataclass(frozen=True)
class Decision:
    """Which candidate answers for a tenant (or `*`: for those without one of their own), and why."""

    tenant_id: str
    chosen: Candidate
    why: str
    held_out_from: pd.Timestamp
    held_out_until: pd.Timestamp
    beside: Mapping[str, Verdict] = field(default_factory=dict)
    """What the others were worth on the same rows."""
    by_tenant: Mapping[str, Verdict] = field(default_factory=dict)
    rejected: Candidate | None = None
    """The new model, where the one in use stays."""


def split_by_time(examples: Examples, outcome_days: int) -> Split:
    """The held-out weeks are the last ones; an outcome of one part is known before the next begins."""
    known = pd.Timedelta(days=outcome_days)
    last = examples.at.max()
    held_out_from = last - pd.Timedelta(days=HELD_OUT_DAYS)
    training = examples.where((examples.at <= held_out_from - known).to_numpy())
    held_out = examples.where((examples.at > held_out_from).to_numpy())
    first, end = training.at.min(), training.at.max()
    tuned_from = end - (end - first) * TUNED_ON
    fitted = training.where((training.at <= tuned_from - known).to_numpy())
    return Split(fitted, training.where((training.at > tuned_from).to_numpy()), training, held_out)


def fit_additive(split: Split, tenant_id: str, strengths: Sequence[float] = STRENGTHS) -> Candidate | None:
    """An additive model of all features, calibrated; None where there are too few outcomes to learn from.

    Of the strengths, the one that does best on the later training snapshots is taken.
    """
    if min(_fewer(split.fitted), _fewer(split.tuned)) < LEAST_POSITIVES:
        return None
    tried = {
        strength: _fit(split.fitted, NUMERIC, CATEGORICAL, strength).log_odds(split.tuned.features)
        for strength in strengths
    }
    weights = [(judge(logistic(said), split.tuned.happened).log_loss, strength) for strength, said in tried.items()]
    strength = min(weights)[1]
    slope, shift = _calibration(tried[strength], split.tuned.happened)
    model = _fit(split.training, NUMERIC, CATEGORICAL, strength).calibrated(slope, shift)
    return replace(_candidate(split, tenant_id, "additive", model), strength=strength)


def fit_maturity(split: Split, tenant_id: str) -> Candidate | None:
    """The simple answer to beat: a logistic curve of the bot's maturity score alone."""
    if _fewer(split.training) < LEAST_POSITIVES:
        return None
    model = _fit(split.training, ["maturity_score"], [], STRENGTHS[-1])
    return _candidate(split, tenant_id, "maturity", model)


def fit_base_rate(split: Split, tenant_id: str) -> Candidate:
    """The simplest answer: as many as in the past."""
    rate = (split.training.happened.sum() + 0.5) / (len(split.training.happened) + 1)
    return _candidate(split, tenant_id, "base_rate", AdditiveModel(float(np.log(rate / (1 - rate))), {}, {}))


def probabilities(model: AdditiveModel, features: pd.DataFrame) -> np.ndarray:
    return logistic(model.log_odds(features))


def choose(
    candidates: Sequence[Candidate], examples: Examples, tenant_id: str, *, in_use: Candidate | None = None
) -> Decision:
    """Which of the candidates answers, judged on the held-out examples that none of them has seen.

    A model with features answers where it loses less than every simple one. Of two such, the later in the list answers only
    where it is clearly better. The one in use stays where a new one of its kind would be worse.
    """
    said = {id(one): probabilities(one.model, examples.features) for one in candidates}
    verdicts = {id(one): judge(said[id(one)], examples.happened) for one in candidates}
    learned = [one for one in candidates if one.method == "additive" and one is not in_use]
    simple = [one for one in candidates if one.method != "additive"]
    best = learned[0] if learned else None
    for one in learned[1:]:
        clusters = examples.person.to_numpy()
        if is_clearly_better(said[id(one)], said[id(best)], examples.happened, clusters=clusters):
            best = one
    rejected = None
    why = "it loses less than the simple answers on weeks it has not seen"
    if best is not None and in_use is not None and verdicts[id(in_use)].log_loss < verdicts[id(best)].log_loss:
        rejected = _judged(best, verdicts[id(best)])
        best, why = in_use, "the new model is worse on the same weeks: the one in use stays"
    strongest = min(simple, key=lambda one: verdicts[id(one)].log_loss)
    if best is None:
        best, why = strongest, "too few outcomes to learn from: a simple answer"
    elif verdicts[id(strongest)].log_loss <= verdicts[id(best)].log_loss:
        best, why = strongest, "no learned model beats this simple answer on weeks it has not seen"
    beside = {_name(one, in_use): verdicts[id(one)] for one in candidates if one is not best}
    return Decision(
        tenant_id,
        _judged(best, verdicts[id(best)]),
        why,
        held_out_from=examples.at.min(),
        held_out_until=examples.at.max(),
        beside=beside,
        rejected=rejected,
    )


def _name(candidate: Candidate, in_use: Candidate | None) -> str:
    scope = "pooled" if candidate.tenant_id == POOLED else "own"
    return f"{scope} {candidate.method}" + (" in use" if candidate is in_use else "")


def _judged(candidate: Candidate, verdict: Verdict) -> Candidate:
    return replace(candidate, verdict=verdict)


def _candidate(split: Split, tenant_id: str, method: Method, model: AdditiveModel) -> Candidate:
    return Candidate(tenant_id, method, model, split.training.at.min(), split.training.at.max())


def _fit(examples: Examples, numeric: Sequence[str], categorical: Sequence[str], strength: float) -> AdditiveModel:
    rows, weights = _thinned(examples.happened)
    return additive.fit(
        examples.features.iloc[rows],
        examples.happened[rows],
        numeric=numeric,
        categorical=categorical,
        strength=strength,
        weights=weights,
    )


def _thinned(happened: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All rows of the rarer outcome, and as many of the other as fit, weighted to stand for all of them."""
    rare = happened == (happened.mean() <= 0.5)
    common = np.flatnonzero(~rare)
    room = max(MOST_ROWS - int(rare.sum()), 1000)
    if len(common) <= room:
        return np.arange(len(happened)), np.ones(len(happened))
    kept = np.random.default_rng(0).choice(common, room, replace=False)
    rows = np.sort(np.concatenate([np.flatnonzero(rare), kept]))
    weights = np.where(rare[rows], 1.0, len(common) / room)
    return rows, weights


def _calibration(log_odds: np.ndarray, happened: np.ndarray) -> tuple[float, float]:
    """Slope and shift that make the log-odds true on rows the model has not seen (Platt's method)."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e6, max_iter=500).fit(log_odds[:, None], happened)
    slope = float(fitted.coef_[0, 0])
    if slope <= 0:  # what was learned does not hold any more
        rate = np.clip(happened.mean(), 1e-4, 1 - 1e-4)
        return 0.0, float(np.log(rate / (1 - rate)))
    return slope, float(fitted.intercept_[0])


def _fewer(examples: Examples) -> int:
    """How often the rarer of the two outcomes happened."""
    positives = int(examples.happened.sum())
    return min(positives, len(examples.happened) - positives)


def logistic(log_odds: np.ndarray) -> np.ndarray:
    chances: np.ndarray = 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))
    return chances
