"""The small local models that read conversations, as JSON documents of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

_SAVE = """
insert into analysis.reading_models (vertical, version, parameters, metrics) values (%s, %s, %s, %s)
on conflict (vertical, version) do update
set metrics = excluded.metrics, parameters = excluded.parameters, trained_at = now()
"""
_NEWEST = "select parameters from analysis.reading_models where vertical = %s order by trained_at desc, version limit 1"
_FORGET = """
delete from analysis.reading_models as m
where m.vertical = %s and m.version not in (
    select version from analysis.reading_models where vertical = m.vertical order by trained_at desc, version limit %s
)
"""
_KEPT = 10


def save_model(
    connection: psycopg.Connection,
    vertical: str,
    version: str,
    parameters: Mapping[str, Any],
    metrics: Mapping[str, Any],
) -> None:
    """Keeps a model as its vertical's newest; of each vertical the last ten are kept."""
    connection.execute(_SAVE, [vertical, version, Jsonb(parameters), Jsonb(metrics)])
    connection.execute(_FORGET, [vertical, _KEPT])


def newest_model(connection: psycopg.Connection, vertical: str) -> dict[str, Any] | None:
    """The parameters of the vertical's newest model, if it has any."""
    row = connection.execute(_NEWEST, [vertical]).fetchone()
    parameters: dict[str, Any] | None = row[0] if row else None
    return parameters
