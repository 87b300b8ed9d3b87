"""Small facts for the oracle's own tests, written as one would tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from tests.oracle.facts import WHATS, Facts, frame

# a Monday, 09:00 in Sao Paulo
NINE = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def after(seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> datetime:
    """An instant that long after nine o'clock."""
    return NINE + timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)


def talk(
    story: Sequence[tuple[float, str]],
    *,
    talk_id: str = "chatwoot-1",
    began: datetime = NINE,
    born_status: str = "open",
    contact_id: int | None = 1,
    lead_id: str | None = None,
    inbox_id: int | None = 1,
) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """A talk created at `began` and its moments, each given as (seconds after it began, what happened)."""
    assert {what for _, what in story} <= set(WHATS)
    row = {
        "talk_id": talk_id,
        "inbox_id": inbox_id,
        "contact_id": contact_id,
        "lead_id": lead_id,
        "born_status": born_status,
        "created_at": began,
    }
    moments = [
        {"talk_id": talk_id, "at": began + timedelta(seconds=seconds), "position": position, "what": what}
        for position, (seconds, what) in enumerate(story)
    ]
    return row, moments


def facts_of(*talks: tuple[Mapping[str, Any], list[Mapping[str, Any]]], **given: Any) -> Facts:
    """A tenant with these talks; other frames as lists of dictionaries, settings as they are."""
    frames: dict[str, pd.DataFrame] = {
        "talks": frame("talks", [row for row, _ in talks]),
        "moments": frame("moments", [moment for _, moments in talks for moment in moments]),
    }
    settings: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, list):
            frames[name] = frame(name, value)
        else:
            settings[name] = value
    return replace(Facts("gym", **settings), **frames)


def rows_of(table: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a table in the order given, those columns only."""
    return [tuple(row) for row in table[list(columns)].itertuples(index=False)]
