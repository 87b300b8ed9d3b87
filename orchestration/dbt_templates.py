"""Compiled templates kept from one dbt process to the next: dbt compiles the same two hundred at every start, in a second."""

from __future__ import annotations

import atexit
import hashlib
import marshal
import os
import sys
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2

# of templates that no model has any more, some stay: then the file begins anew
LARGEST = 32 * 1024**2


def keep_compiled_templates(folder: Path) -> None:
    """From now on Jinja compiles only what no process before has, and what it does is written to the folder when this one ends."""
    path = folder / f"templates-{jinja2.__version__}-{sys.implementation.cache_tag}.marshal"
    known = _read(path)
    before = len(known)
    compile_anew = jinja2.Environment.compile

    def compile(self: jinja2.Environment, source: Any, *arguments: Any, **named: Any) -> Any:
        if not isinstance(source, str) or arguments or named:
            return compile_anew(self, source, *arguments, **named)
        dialect = f"{type(self).__qualname__} {sorted(self.extensions)}\0"
        key = hashlib.sha256((dialect + source).encode()).digest()
        if key not in known:
            known[key] = compile_anew(self, source)
        return known[key]

    jinja2.Environment.compile = compile  # type: ignore[method-assign]
    atexit.register(lambda: _write(path, known) if len(known) > before else None)


def _read(path: Path) -> dict[bytes, CodeType]:
    """What was written there; nothing, if that was cut off or too much."""
    try:
        if path.stat().st_size > LARGEST:
            return {}
        return dict(marshal.loads(path.read_bytes()))
    except (OSError, EOFError, ValueError, TypeError):
        return {}


def _write(path: Path, known: dict[bytes, CodeType]) -> None:
    scratch = path.with_suffix(f".{os.getpid()}")
    scratch.write_bytes(marshal.dumps(known))
    scratch.replace(path)
