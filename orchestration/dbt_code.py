"""Compiled code kept from one dbt process to the next: dbt compiles the same templates and classes at every start, in two seconds."""

from __future__ import annotations

import atexit
import builtins
import dataclasses
import hashlib
import marshal
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
from mashumaro.core.meta.code import builder

# of templates that no model has any more, some stay: then the file begins anew
LARGEST = 32 * 1024**2
# in names that mashumaro generates: another at every start
RANDOM = re.compile(r"_[0-9a-f]{32}\b")


class KeptCode:
    """Code by the text it was compiled from; what is new is written to the folder when the process ends."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"code-{jinja2.__version__}-{sys.implementation.cache_tag}.marshal"
        self.known = _read(self.path)
        self.before = len(self.known)
        atexit.register(self.write)

    def code(self, text: str, compile_anew: Callable[[], CodeType]) -> CodeType:
        key = hashlib.sha256(text.encode()).digest()
        if key not in self.known:
            self.known[key] = compile_anew()
        return self.known[key]

    def write(self) -> None:
        if len(self.known) > self.before:
            scratch = self.path.with_suffix(f".{os.getpid()}")
            scratch.write_bytes(marshal.dumps(self.known))
            scratch.replace(self.path)


def keep_compiled_code(folder: Path) -> None:
    """From now on Jinja, and who generates classes, compile only what no process before has. Comes before dbt is imported."""
    kept = KeptCode(folder)
    _keep_templates(kept)
    _keep_classes(kept)


def _keep_templates(kept: KeptCode) -> None:
    compile_anew = jinja2.Environment.compile

    def compile_template(self: jinja2.Environment, source: Any, *arguments: Any, **named: Any) -> Any:
        if not isinstance(source, str) or arguments or named:
            return compile_anew(self, source, *arguments, **named)
        dialect = f"{type(self).__qualname__} {sorted(self.extensions)}\0"
        return kept.code(dialect + source, lambda: compile_anew(self, source))

    jinja2.Environment.compile = compile_template  # type: ignore[method-assign]


def _keep_classes(kept: KeptCode) -> None:
    """The methods of dataclasses, and those by which mashumaro reads and writes them, are texts that are executed."""

    def execute(code: str | CodeType, *spaces: Any) -> None:
        if isinstance(code, str) and not RANDOM.search(code):
            text = code
            code = kept.code(f"class\0{text}", lambda: compile(text, "<string>", "exec"))
        builtins.exec(code, *spaces)

    for module in (dataclasses, builder):
        vars(module)["exec"] = execute


def _read(path: Path) -> dict[bytes, CodeType]:
    """What was written there; nothing, if that was cut off or too much."""
    try:
        if path.stat().st_size > LARGEST:
            return {}
        return dict(marshal.loads(path.read_bytes()))
    except (OSError, EOFError, ValueError, TypeError):
        return {}
