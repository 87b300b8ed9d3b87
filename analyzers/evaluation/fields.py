"""When a reading's field is right."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from analyzers.label import Label
from analyzers.result import Reading
from analyzers.text import compose, fold

YES_OR_NO = ("is_lead", "visit_scheduled")
CLASSES = ("intent", "sentiment")
VALUES = ("visit_at", "contact_name", "goal", "condition", "handoff_reason")
FIELDS = (*YES_OR_NO, *CLASSES, *VALUES)

_WORD = re.compile(r"[a-z0-9]+")
_LITTLE = frozenset(re.findall(r"\w+", "a o as os um uma de do da dos das em no na nos nas para pra por com e ou ao"))
_STEM = 4
_ENOUGH_IN_COMMON = 0.5


@dataclass(frozen=True, slots=True)
class Judged:
    """A reading beside what the conversation really was; `timezone` (IANA) is the tenant's."""

    label: Label
    reading: Reading
    timezone: str


def is_right(field: str, judged: Judged) -> bool:
    """Whether the field says what the label says.

    A visit labelled with a date alone is right on that local day. A name is right if the first name is. Texts (goal,
    condition, hand-off reason) are right if more than half of the shorter one's words stand in the other, by their stems.
    """
    said, was = getattr(judged.reading, field), getattr(judged.label, field)
    if said is None or was is None or field not in VALUES:
        return bool(said == was)
    if field == "visit_at":
        if isinstance(was, datetime):
            return bool(said == was)
        return bool(said.astimezone(ZoneInfo(judged.timezone)).date() == was)
    if field == "contact_name":
        return _words(said)[:1] == _words(was)[:1]
    return _same_text(said, was)


def class_of(field: str, value: Any) -> Hashable:
    """What is counted of a field: the value itself, or of a free one whether there is any."""
    result: Hashable = value is not None if field in VALUES else value
    return result


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(compose(text)))


def _same_text(one: str, other: str) -> bool:
    stems, others = ({word[:_STEM] for word in _words(text) if word not in _LITTLE} for text in (one, other))
    if not stems or not others:
        return stems == others
    return len(stems & others) / min(len(stems), len(others)) > _ENOUGH_IN_COMMON
