"""How a `LocalModel` is trained, and where it has earned to be heard: on labels it has not seen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from analyzers.cascade import calibrate_threshold
from analyzers.evaluation.comparison import mcnemar
from analyzers.label import Label
from analyzers.local_model import FIELDS, FieldModel, LocalModel, corrections, tokens_of
from analyzers.regex_analyzer import RegexAnalyzer
from analyzers.result import AnalysisResult
from analyzers.transcript import Transcript

Floats = npt.NDArray[np.float64]

FOLDS = 5
FEWEST_LABELS = 50
MOST_TOKENS = 4000
SIGNIFICANT = 0.05
AS_GOOD_AS = 0.95
"""How often what a cascade does not hand on shall be right: a language model is right about as often."""

Source = Literal["person", "shipped", "openai"]

_WEIGHTS: dict[Source, float] = {"person": 1.0, "shipped": 1.0, "openai": 0.5}
_SEED = 20250312
_FEWEST_DOCUMENTS = 2


@dataclass(frozen=True, slots=True)
class Example:
    """A conversation to learn from.

    A label that a person gave a tenant's conversation teaches and judges. The labelled conversations that come with the
    project only teach (`shipped`): the rules were made on them, and would be judged too well. So do earlier answers of
    OpenAI (`openai`), at half the weight, because they may be wrong.
    """

    transcript: Transcript
    label: Label
    source: Source


@dataclass(frozen=True, slots=True)
class FieldWorth:
    """One field on held-out labels of people: how often rules and model are right, who alone is, and McNemar's p.

    `earned`: the model is righter, and chance would not make it so in one of twenty cases.
    """

    rules: float
    model: float
    only_rules: int
    only_model: int
    p_value: float
    earned: bool


@dataclass(frozen=True, slots=True)
class Trained:
    """A model, and what it was found to be worth; `answered` is the share a cascade would not hand on, `right` of it the share
    that is right, both held out (None where nothing is answered)."""

    model: LocalModel
    labels: int
    openai_answers: int
    fields: dict[str, FieldWorth]
    answered: float
    right: float | None

    def metrics(self) -> dict[str, Any]:
        """As kept beside the model's numbers."""
        return {
            "labels": self.labels,
            "openai_answers": self.openai_answers,
            "fields": {name: asdict(worth) for name, worth in self.fields.items()},
            "threshold": self.model.threshold,
            "answered": self.answered,
            "right": self.right,
        }


@dataclass(frozen=True, slots=True)
class _Seen:
    """An example as the model sees it."""

    tokens: list[str]
    reading: AnalysisResult
    label: Label
    source: Source


def train(vertical: str, examples: Sequence[Example], *, seed: int = _SEED) -> Trained | None:
    """A model of the vertical, trained on all its examples after being judged fold by fold on the labels among them.

    The same examples give the same model. None if there are fewer than 50 labels by people, or all of them say one thing.
    """
    chosen = [one for one in examples if one.transcript.vertical == vertical]
    readings = RegexAnalyzer().analyze([one.transcript for one in chosen])
    seen = [
        _Seen(tokens_of(one.transcript, reading), reading, one.label, one.source)
        for one, reading in zip(chosen, readings, strict=True)
    ]
    labelled = [position for position, one in enumerate(seen) if one.source == "person"]
    if len(labelled) < FEWEST_LABELS or len({seen[position].label.is_lead for position in labelled}) < 2:
        return None
    folds = _folds(labelled, seed)
    held_out: dict[int, LocalModel] = {}
    for fold in folds:
        out = set(fold)
        model = _fit(vertical, [one for position, one in enumerate(seen) if position not in out])
        held_out |= dict.fromkeys(fold, model)
    worth = {name: _worth(name, seen, held_out) for name in FIELDS}
    earned = {name for name, one in worth.items() if one.earned}
    threshold, answered, right = _calibrate(seen, held_out, earned)
    return Trained(
        _with(_fit(vertical, seen), earned, threshold),
        labels=len(labelled),
        openai_answers=sum(one.source == "openai" for one in seen),
        fields=worth,
        answered=answered,
        right=right,
    )


def _folds(positions: Sequence[int], seed: int) -> list[list[int]]:
    shuffled = np.random.default_rng(seed).permutation(np.array(positions))
    return [part.tolist() for part in np.array_split(shuffled, FOLDS)]


def _fit(vertical: str, seen: Sequence[_Seen]) -> LocalModel:
    documents = Counter(token for one in seen for token in set(one.tokens))
    common = sorted(
        (token for token, count in documents.items() if count >= _FEWEST_DOCUMENTS),
        key=lambda token: (-documents[token], token),
    )[:MOST_TOKENS]
    # the smoothed inverse document frequency of scikit-learn
    frequencies = np.array([math.log((1 + len(seen)) / (1 + documents[token])) + 1 for token in common])
    bare = LocalModel(vertical, {token: position for position, token in enumerate(common)}, frequencies, {}, 1.0)
    vectors = np.array([bare.vector(one.tokens) for one in seen])
    weights = np.array([_WEIGHTS[one.source] for one in seen])
    fields = {name: _fit_field([getattr(one.label, name) for one in seen], vectors, weights) for name in FIELDS}
    return LocalModel(vertical, bare.vocabulary, frequencies, fields, 1.0)


def _fit_field(values: Sequence[Any], vectors: Floats, weights: Floats) -> FieldModel:
    from sklearn.linear_model import LogisticRegression

    classes = sorted(set(values))
    if len(classes) == 1:  # nothing to tell apart: surely that one, as sure as so many examples make it
        other = (not classes[0]) if isinstance(classes[0], bool) else None
        both = sorted({classes[0], other}) if other is not None else classes
        odds = math.log(len(values) + 1) * (1 if both[-1] == classes[0] else -1)
        return FieldModel(tuple(both), np.zeros((1, vectors.shape[1])), np.array([odds]), earned=False)
    fitted = LogisticRegression(C=10.0, max_iter=1000).fit(
        vectors, [classes.index(value) for value in values], sample_weight=weights
    )
    return FieldModel(tuple(classes), fitted.coef_, fitted.intercept_, earned=False)


def _worth(name: str, seen: Sequence[_Seen], held_out: Mapping[int, LocalModel]) -> FieldWorth:
    rules, model = [], []
    for position, local in held_out.items():
        one, field = seen[position], local.fields[name]
        said = field.classes[int(np.argmax(field.probabilities(local.vector(one.tokens))))]
        model.append(said == getattr(one.label, name))
        rules.append(getattr(one.reading, name) == getattr(one.label, name))
    only_rules = sum(a and not b for a, b in zip(rules, model, strict=True))
    only_model = sum(b and not a for a, b in zip(rules, model, strict=True))
    p_value = mcnemar(only_rules, only_model)
    return FieldWorth(
        rules=sum(rules) / len(rules),
        model=sum(model) / len(model),
        only_rules=only_rules,
        only_model=only_model,
        p_value=p_value,
        earned=only_model > only_rules and p_value < SIGNIFICANT,
    )


def _calibrate(
    seen: Sequence[_Seen], held_out: Mapping[int, LocalModel], earned: set[str]
) -> tuple[float, float, float | None]:
    """The threshold, the share of labels answered at it, and how much of that is right."""
    confidences, right = [], []
    for position, local in held_out.items():
        one = seen[position]
        changes = corrections(_with(local, earned, 1.0), one.tokens, one.reading)
        confidences.append(changes["confidence"] or 0.0)
        right.append(
            all(
                changes.get(name, getattr(one.reading, name)) == getattr(one.label, name)
                for name in ("is_lead", "visit_scheduled")
            )
        )
    threshold = calibrate_threshold(confidences, right, accuracy=AS_GOOD_AS)
    stands = [ok for confidence, ok in zip(confidences, right, strict=True) if confidence >= threshold]
    return threshold, len(stands) / len(right), sum(stands) / len(stands) if stands else None


def _with(model: LocalModel, earned: set[str], threshold: float) -> LocalModel:
    fields = {
        name: FieldModel(field.classes, field.coefficients, field.intercepts, name in earned)
        for name, field in model.fields.items()
    }
    return LocalModel(model.vertical, model.vocabulary, model.frequencies, fields, threshold)
