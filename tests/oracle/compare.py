"""Two tables that should be one: exact in keys, integers, dates and money; floats to a billionth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd

TOLERANCE = 1e-9


def assert_same_table(
    actual: pd.DataFrame, expected: pd.DataFrame, *, keys: Sequence[str], name: str, limit: int = 8
) -> None:
    """Raises AssertionError showing the first rows that differ, side by side; the columns compared are `expected`'s."""
    missing = [column for column in expected.columns if column not in actual.columns]
    assert not missing, f"{name} lacks the columns {missing}; it has {list(actual.columns)}"
    columns = [column for column in expected.columns if column not in keys]
    found, wanted = (
        _by_key(actual, keys, columns, f"{name} (pipeline)"),
        _by_key(expected, keys, columns, f"{name} (oracle)"),
    )
    problems = []
    for key in sorted(found.keys() | wanted.keys(), key=_sortable):
        have, want = found.get(key), wanted.get(key)
        if have is None or want is None:
            which = "only the oracle has" if have is None else "only the pipeline has"
            problems.append(f"  {which} {_show(keys, key)}: {_show(columns, have or want or ())}")
            continue
        differing = [
            f"{column}: pipeline {mine!r}, oracle {theirs!r}"
            for column, mine, theirs in zip(columns, have, want, strict=True)
            if not same(mine, theirs)
        ]
        if differing:
            problems.append(f"  {_show(keys, key)}: " + "; ".join(differing))
    if problems:
        shown = "\n".join(problems[:limit])
        raise AssertionError(f"{name}: {len(problems)} of {len(wanted)} rows differ from the oracle\n{shown}")


def same(one: Any, other: Any) -> bool:
    """Whether two cells hold the same figure."""
    if one is None or other is None:
        return one is None and other is None
    if isinstance(one, float) or isinstance(other, float):
        if isinstance(one, str) or isinstance(other, str):
            return False
        return math.isclose(float(one), float(other), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(one == other)


def _plain(value: Any) -> Any:
    """A cell without the dress pandas puts on it: None for every kind of missing, dates and numbers as Python's own."""
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime()
    if hasattr(value, "item"):  # numpy
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        return value
    return value


def _by_key(
    table: pd.DataFrame, keys: Sequence[str], columns: Sequence[str], name: str
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in table[[*keys, *columns]].itertuples(index=False, name=None):
        cells = tuple(_plain(cell) for cell in row)
        # an integer key with a null beside it has been through float
        key = tuple(int(cell) if isinstance(cell, float) and cell.is_integer() else cell for cell in cells[: len(keys)])
        assert key not in rows, f"{name}: two rows have the key {_show(keys, key)}"
        rows[key] = cells[len(keys) :]
    return rows


def _sortable(key: tuple[Any, ...]) -> tuple[tuple[bool, str], ...]:
    return tuple((part is not None, f"{part:020d}" if isinstance(part, int) else str(part)) for part in key)


def _show(names: Sequence[str], cells: Sequence[Any]) -> str:
    return ", ".join(f"{name} {_readable(cell)}" for name, cell in zip(names, cells, strict=False))


def _readable(cell: Any) -> str:
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell) if isinstance(cell, Decimal | str) else repr(cell)
