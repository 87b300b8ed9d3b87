"""A small model of one vertical that learns from labels where the rules go wrong: TF-IDF and logistic regression.

What it learned is plain numbers in a JSON document. Reading needs numpy alone, and gives the same whatever trained it.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from analyzers.base import Analyzer, Item, groups
from analyzers.regex_analyzer import RegexAnalyzer
from analyzers.result import AnalysisResult
from analyzers.text import compose, fold
from analyzers.transcript import Transcript

Floats = npt.NDArray[np.float64]

FIELDS = ("is_lead", "visit_scheduled", "intent")
"""What it can read; the rest of a result is the rules'."""

_WORD = re.compile(r"[a-z]{2,}")  # no digits: they identify people and say little
_GROUP = 100
_LONGEST = 4000
_MOST = 5.0


@dataclass(frozen=True)
class FieldModel:
    """One field's logistic regression: a row of coefficients and an intercept per class (one row alone for yes or no).

    `earned`: on held-out labels it was righter than the rules, so that its word counts.
    """

    classes: tuple[Any, ...]
    coefficients: Floats
    intercepts: Floats
    earned: bool

    def probabilities(self, vector: Floats) -> Floats:
        """Of each class, in the order of `classes`."""
        scores = self.coefficients @ vector + self.intercepts
        if len(self.classes) == 2:
            yes = 1 / (1 + math.exp(-float(np.clip(scores[0], -30, 30))))
            return np.array([1 - yes, yes])
        scores = np.exp(scores - scores.max())
        return np.asarray(scores / scores.sum())


@dataclass(frozen=True)
class LocalModel:
    """A vertical's vocabulary with its inverse document frequencies, and a model per field.

    `threshold` is the confidence from which a cascade lets its answers stand, calibrated on held-out labels.
    """

    vertical: str
    vocabulary: Mapping[str, int]
    frequencies: Floats
    fields: Mapping[str, FieldModel]
    threshold: float

    def vector(self, tokens: Sequence[str]) -> Floats:
        """The TF-IDF vector, of length 1 (or 0 where no token is known), with sublinear counts."""
        vector = np.zeros(len(self.frequencies))
        for token, count in Counter(tokens).items():
            position = self.vocabulary.get(token)
            if position is not None:
                vector[position] = (1 + math.log(count)) * self.frequencies[position]
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector

    def to_json(self) -> dict[str, Any]:
        """Numbers and text only."""
        return {
            "vertical": self.vertical,
            "vocabulary": sorted(self.vocabulary, key=lambda token: self.vocabulary[token]),
            "frequencies": _rounded(self.frequencies),
            "threshold": self.threshold,
            "fields": {
                name: {
                    "classes": list(field.classes),
                    "coefficients": _rounded(field.coefficients),
                    "intercepts": _rounded(field.intercepts),
                    "earned": field.earned,
                }
                for name, field in self.fields.items()
            },
        }

    @staticmethod
    def from_json(document: Mapping[str, Any]) -> LocalModel:
        """What `to_json` gave."""
        return LocalModel(
            vertical=document["vertical"],
            vocabulary={token: position for position, token in enumerate(document["vocabulary"])},
            frequencies=np.array(document["frequencies"], dtype=np.float64),
            threshold=document["threshold"],
            fields={
                name: FieldModel(
                    tuple(field["classes"]),
                    np.array(field["coefficients"], dtype=np.float64),
                    np.array(field["intercepts"], dtype=np.float64),
                    field["earned"],
                )
                for name, field in document["fields"].items()
            },
        )

    @cached_property
    def version(self) -> str:
        """Changes with any number."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return f"local-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


class LocalAnalyzer(Analyzer):
    """The rules' reading, corrected where the model has earned it, with the model's word on how sure that is."""

    engine = "local"
    model: str | None = None

    def __init__(self, local: LocalModel) -> None:
        self.local = local
        self._rules = RegexAnalyzer()
        self.prompt_version = f"{local.version}+{self._rules.prompt_version}"

    def read(self, items: Iterable[Item]) -> Iterator[list[AnalysisResult]]:
        """In order; see `Analyzer.read`. Conversations of other verticals are read by the rules alone."""
        for group in groups(items, _GROUP):
            yield [item if isinstance(item, AnalysisResult) else self._read(item) for item in group]

    def _read(self, transcript: Transcript) -> AnalysisResult:
        reading = self._rules.analyze([transcript])[0]
        changes: dict[str, Any] = {
            "engine": self.engine,
            "prompt_version": self.prompt_version,
            "asked_of": self.version,
        }
        if transcript.vertical == self.local.vertical:
            changes |= corrections(self.local, tokens_of(transcript, reading), reading)
        return reading.model_copy(update=changes)


def tokens_of(transcript: Transcript, reading: AnalysisResult) -> list[str]:
    """What the model sees: the words and pairs of words of each side, and what the rules made of the conversation."""
    tokens = [
        f"rules:lead={reading.is_lead}",
        f"rules:visit={reading.visit_scheduled}",
        f"rules:intent={reading.intent}",
        f"rules:points={round(reading.lead_probability)}",
    ]
    for message in transcript.messages:
        words = _WORD.findall(fold(compose(message.content[:_LONGEST])))
        side = "" if message.speaker == "customer" else "house:"
        tokens += [f"{side}{word}" for word in words]
        tokens += [f"{side}{one} {other}" for one, other in pairwise(words)]
    return tokens


def corrections(local: LocalModel, tokens: Sequence[str], reading: AnalysisResult) -> dict[str, Any]:
    """What changes of the rules' reading, and the confidence in the lead and the visit together."""
    vector, confidence = local.vector(tokens), reading.confidence
    changes: dict[str, Any] = {}
    chances = {name: field.probabilities(vector) for name, field in local.fields.items()}
    for name, field in local.fields.items():
        if field.earned:
            changes[name] = field.classes[int(np.argmax(chances[name]))]
    if local.fields["is_lead"].earned and changes["is_lead"] != reading.is_lead:
        changes["lead_probability"] = round(_MOST * _chance_of(local, chances, "is_lead", True), 2)
    if not changes.get("visit_scheduled", reading.visit_scheduled):
        changes["visit_at"] = None
    if all(local.fields[name].earned for name in ("is_lead", "visit_scheduled")):
        confidence = 1.0
        for name in ("is_lead", "visit_scheduled"):
            confidence *= _chance_of(local, chances, name, changes[name])
    elif confidence is not None and local.fields["is_lead"].earned:
        confidence *= _chance_of(local, chances, "is_lead", changes["is_lead"])
    return changes | {"confidence": confidence}


def _chance_of(local: LocalModel, chances: Mapping[str, Floats], name: str, value: Any) -> float:
    return float(chances[name][local.fields[name].classes.index(value)])


def _rounded(numbers: Floats) -> Any:
    return np.round(numbers, 5).tolist()
