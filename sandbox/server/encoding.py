"""JSON in and out, by orjson where it is installed."""

from __future__ import annotations

from typing import Any

try:
    import orjson

    def dumps(value: Any) -> bytes:
        return orjson.dumps(value)

    def loads(text: bytes) -> Any:
        """ValueError where it is not JSON."""
        return orjson.loads(text)

except ImportError:
    import json

    def dumps(value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def loads(text: bytes) -> Any:
        """ValueError where it is not JSON."""
        return json.loads(text)
