"""Making Python values fit for PostgreSQL: U+0000, which it cannot hold, is taken out of text; nothing else changes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

NUL = "\x00"


def without_nul(value: Any) -> Any:
    """The value with U+0000 removed from every string in it, keys of objects included."""
    if isinstance(value, str):
        return value.replace(NUL, "") if NUL in value else value
    if isinstance(value, Mapping):
        return {without_nul(key): without_nul(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nul(item) for item in value]
    return value


def to_json(value: Any) -> str:
    """JSON text that jsonb takes. Raises for what JSON has no word for, such as NaN."""
    text = _encode(value)
    if "\\u0000" in text:  # or an escaped backslash before u0000, which the walk leaves alone
        text = _encode(without_nul(value))
    return text


def to_json_whatever_it_holds(value: Any) -> str:
    """JSON text of a value that could not be stored as it is: what jsonb refuses is shown escaped or as words."""
    return json.dumps(_presentable(value), ensure_ascii=False, allow_nan=False)


def clean_column(type_name: str, values: Sequence[Any]) -> Sequence[Any]:
    """A column's values, ready for COPY's text format."""
    if type_name in ("jsonb", "json"):
        return [None if value is None else to_json(value) for value in values]
    kinds = set(map(type, values))
    # A whole column at a time, because nearly never there is anything to do.
    if kinds <= _WITHOUT_TEXT or (kinds <= _TEXT and NUL not in "".join(filter(None, values))):
        return values
    return [without_nul(value) for value in values]


def presentable_text(text: str) -> str:
    """Text that PostgreSQL takes: without U+0000, lone surrogates escaped."""
    return text.replace(NUL, "").encode("utf-8", "backslashreplace").decode("utf-8")


_TEXT = frozenset({str, type(None)})
_WITHOUT_TEXT = frozenset({type(None), int, float, bool, datetime, date, time, Decimal, UUID})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no JSON form")


def _presentable(value: Any, depth: int = 0) -> Any:
    if depth > 50:
        return "..."
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, Mapping):
        return {presentable_text(str(key)): _presentable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_presentable(item, depth + 1) for item in value]
    return presentable_text(value.isoformat() if isinstance(value, datetime | date | time) else str(value))


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain).encode
