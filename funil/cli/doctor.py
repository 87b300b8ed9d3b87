"""`funil doctor`: what an operator would check by hand before asking for help."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from rich.table import Table

from funil.cli.console import out
from funil.cli.workspace import open_warehouse
from funil.errors import FunilError
from funil.settings import Settings, load_settings
from funil.tenants import load_tenants
from warehouse.migrate import pending

Verdict = Literal["ok", "note", "wrong"]
Finding = tuple[Verdict, str, str]
ENOUGH_DISK_BYTES = 2 * 1024**3
PACKAGES = ("dagster", "dbt-core", "pandas", "scikit-learn", "prophet", "openai")
_MARKS = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "wrong": "[red]wrong[/]"}


def examine() -> int:
    """Prints a row per finding and a verdict; 1 if anything is wrong."""
    settings = load_settings()
    table = Table("", "what", "finding")
    verdicts: list[Verdict] = []
    for check in (_versions, _disk, _warehouse, _tenants):
        for verdict, what, finding in _guarded(check, settings):
            verdicts.append(verdict)
            table.add_row(_MARKS[verdict], what, finding)
    out.print(table)
    wrong = verdicts.count("wrong")
    out.print(f"[red]{wrong} thing(s) to mend, marked wrong above.[/]" if wrong else "[green]Nothing to mend.[/]")
    return 1 if wrong else 0


def _guarded(check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    try:
        yield from check(settings)
    except FunilError as error:
        yield "wrong", check.__name__.strip("_"), str(error)


def _versions(settings: Settings) -> Iterator[Finding]:
    yield "ok", "python", f"{platform.python_version()} at {sys.prefix}"
    yield "ok", "packages", ", ".join(f"{name} {version(name)}" for name in PACKAGES)


def _disk(settings: Settings) -> Iterator[Finding]:
    place = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(place).free
    finding = f"{free / 1024**3:.1f} GiB free for FUNIL_HOME at {settings.home}"
    yield ("ok" if free >= ENOUGH_DISK_BYTES else "wrong"), "disk", finding


def _warehouse(settings: Settings) -> Iterator[Finding]:
    kind = "embedded" if settings.database_url is None else "FUNIL_DATABASE_URL"
    warehouse = open_warehouse(settings)
    with warehouse.connect() as connection:
        row = connection.execute("select current_setting('server_version')").fetchone()
    yield "ok", "warehouse", f"PostgreSQL {row[0] if row else '?'} ({kind})"
    waiting = pending(warehouse.dsn)
    if waiting:
        yield "note", "migrations", f"{len(waiting)} pending; the next funil run, demo or up applies them"
    else:
        yield "ok", "migrations", "none pending"


def _tenants(settings: Settings) -> Iterator[Finding]:
    path = settings.tenants_path
    if settings.uses_sandbox and not path.exists():
        yield "note", "tenants", "no tenants.yaml yet; 'funil demo' makes the sandbox's tenants"
        return
    file = load_tenants(path)
    yield "ok", "tenants", f"{len(file.tenants)} usable in {_short(path)}"
    for sentence in file.errors.values():
        yield "wrong", "tenants", sentence


def _short(path: Path) -> str:
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)
