"""Chatwoot's ways to write a value, and ours.

Required values are asked for by `required_*` and make the row a BadRow where they are missing or of another type;
optional ones (`whole`, `moment`, ...) are None where the server leaves the key out or writes null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Raw = Mapping[str, Any]


class BadRow(Exception):
    """A row that cannot be read; the text says why, and the rest of the page goes on."""


def required(raw: Raw, key: str) -> Any:
    if not isinstance(raw, Mapping):
        raise BadRow("it is not an object")
    try:
        return raw[key]
    except KeyError:
        raise BadRow(f"'{key}' is missing") from None


def required_whole(raw: Raw, key: str) -> int:
    value = whole(required(raw, key), key)
    if value is None:
        raise BadRow(f"'{key}' is null")
    return value


def required_text(raw: Raw, key: str) -> str:
    value = text(required(raw, key), key)
    if value is None:
        raise BadRow(f"'{key}' is null")
    return value


def required_flag(raw: Raw, key: str) -> bool:
    value = flag(required(raw, key), key)
    if value is None:
        raise BadRow(f"'{key}' is null")
    return value


def required_moment(raw: Raw, key: str) -> datetime:
    value = moment(required(raw, key), key)
    if value is None:
        raise BadRow(f"'{key}' is null")
    return value


def required_object(raw: Raw, key: str) -> Raw:
    value = required(raw, key)
    if not isinstance(value, Mapping):
        raise BadRow(f"'{key}' is not an object")
    return value


def whole(value: Any, key: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise BadRow(f"'{key}' is not a whole number")


def number(value: Any, key: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise BadRow(f"'{key}' is not a number")


def text(value: Any, key: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise BadRow(f"'{key}' is not text")


def flag(value: Any, key: str) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise BadRow(f"'{key}' is not true or false")


def words(value: Any, key: str) -> list[str]:
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return value
    raise BadRow(f"'{key}' is not a list of words")


def moment(value: Any, key: str) -> datetime | None:
    """Epoch seconds (whole or with a fraction) or ISO 8601; null, an empty text and Chatwoot's 0 are no time at all."""
    if value is None or value == 0 or value == "":
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            if re.fullmatch(r"\d+(\.\d+)?", value):
                return datetime.fromtimestamp(float(value), UTC)
            parsed = datetime.fromisoformat(value)
            return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise BadRow(f"'{key}' is not a time")


def attributes(value: Any, key: str) -> dict[str, Any]:
    """An object; also one that arrives as JSON inside a string, once or twice, as Chatwoot's database keeps some."""
    for _ in range(3):
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        if not isinstance(value, str):
            break
        if not value.strip():
            return {}
        try:
            value = json.loads(value)
        except ValueError:
            break
    raise BadRow(f"'{key}' is not an object")
