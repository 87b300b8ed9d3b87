"""The templates of what people write, and how their slots are filled."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FOLDER = Path(__file__).parent / "texts"
_FORMATTER = string.Formatter()


@dataclass(frozen=True, slots=True)
class Topic:
    """What a customer comes for. `book` and `handoff` say how that bears on a booking and on the bot passing it on."""

    name: str
    weight: float
    lead: bool
    member: bool
    book: float
    handoff: float
    mood: str
    open: tuple[str, ...]
    more: tuple[str, ...]
    answer: tuple[str, ...]


@dataclass(frozen=True)
class Texts:
    phrases: dict[str, tuple[str | None, ...]]
    slots: dict[str, tuple[str, ...]]
    topics: dict[str, Topic]
    reasons: tuple[str, ...]

    def say(self, rng: random.Random, key: str, fixed: dict[str, str] | None = None) -> str:
        return self.fill(rng, rng.choice(self.phrases[key]) or "", fixed)

    def fill(self, rng: random.Random, template: str, fixed: dict[str, str] | None = None) -> str:
        """Slots come from `fixed`, others are drawn; the first letter is a capital."""
        if "{" not in template:
            return template
        text = _FORMATTER.vformat(template, (), _Slots(rng, self.slots, fixed or {}))
        return text[:1].upper() + text[1:]


class _Slots(dict[str, str]):
    def __init__(self, rng: random.Random, choices: dict[str, tuple[str, ...]], fixed: dict[str, str]) -> None:
        super().__init__(fixed)
        self._rng, self._choices = rng, choices

    def __missing__(self, key: str) -> str:
        return self._rng.choice(self._choices[key])


@cache
def load_texts(vertical: str) -> Texts:
    """The common phrases with one vertical's topics ('gym', 'dental', 'beauty')."""
    common, own = _read("common"), _read(vertical)
    topics = {name: _topic(name, data) for name, data in own["topics"].items()}
    for trade in ("supplier", "jobseeker", "chitchat"):
        topics[trade] = _topic(
            trade, {"weight": 0, "lead": False, "book": -6, "handoff": 0.5, "mood": "neutral", **common[trade]}
        )
    phrases = {key: tuple(value) for key, value in {**common, **own}.items() if isinstance(value, list)}
    slots = {name: tuple(values) for name, values in {**common["slots"], **own["slots"]}.items()}
    return Texts(phrases, slots, topics, tuple(own["reasons"]))


class Names(NamedTuple):
    first: tuple[str, ...]
    last: tuple[str, ...]


@cache
def load_names() -> Names:
    data = _read("names")
    return Names(tuple(data["first"]), tuple(data["last"]))


def _topic(name: str, data: dict[str, Any]) -> Topic:
    return Topic(
        name=name,
        weight=float(data["weight"]),
        lead=bool(data["lead"]),
        member=bool(data.get("member", False)),
        book=float(data["book"]),
        handoff=float(data["handoff"]),
        mood=str(data["mood"]),
        open=tuple(data["open"]),
        more=tuple(data["more"]),
        answer=tuple(data["answer"]),
    )


def _read(name: str) -> dict[str, Any]:
    with (FOLDER / f"{name}.yaml").open(encoding="utf-8") as file:
        data: dict[str, Any] = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return data
