"""Error texts without the values they quote: a row at fault is somebody's data, and texts go to logs and run reports.

PostgreSQL quotes names (`column "phone"`) and values (`invalid input syntax for type integer: "..."`) alike; what it quotes
after a colon or after the word value is a value. Its DETAIL and CONTEXT show rows.
"""

from __future__ import annotations

import re

HIDDEN = '"..."'
_ROWS = re.compile(
    r"^[ \t]*(?:DETAIL|CONTEXT|QUERY|LINE \d+):.*?(?=^[ \t]*HINT:|^Traceback |^The above exception|^During handling|\Z)",
    re.MULTILINE | re.DOTALL,
)
_VALUE = re.compile(r'((?::|\bvalue)[ \t]+)"(?:[^"]|"")*"(?=[\s.,;)]|\Z)')
_TOKEN = re.compile(r'(\bToken )"(?:[^"]|"")*"')
# pydantic's
_INPUT = re.compile(r"input_value=.*?, input_type", re.DOTALL)


def without_values(text: str) -> str:
    """The text without what it may quote of a row."""
    text = _ROWS.sub("", text)
    text = _VALUE.sub(rf"\1{HIDDEN}", text)
    text = _TOKEN.sub(rf"\1{HIDDEN}", text)
    return _INPUT.sub("input_value=..., input_type", text).rstrip()
