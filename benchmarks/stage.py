"""What the benchmarks share: an installation in a temporary folder, pretend worlds behind it, and timed runs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.end_to_end.installation import Installation, succeeded
from tests.end_to_end.pretend import PretendWorlds

# of the syncs after a given one: what was asked and written, and how long the slowest step of each kind took
COSTS = """
select coalesce(sum(requests), 0)::bigint as requests, coalesce(sum(rows_read), 0)::bigint as rows_read,
    coalesce(sum(rows_written), 0)::bigint as rows_written,
    coalesce(extract(epoch from max(finished_at) - min(started_at)), 0)::float8 as sync_seconds
from ops.sync_runs where started_at > to_timestamp(%s)
"""
BUILDS = """
select coalesce(extract(epoch from max(completed_at) - min(started_at)), 0)::float8
from ops.builds where started_at > to_timestamp(%s)
"""


@dataclass(frozen=True)
class Measured:
    """One `funil run`, its process and all."""

    name: str
    seconds: float
    sync_seconds: float
    build_seconds: float
    requests: int
    rows_read: int
    rows_written: int


@contextmanager
def stage(seeds: Sequence[int], scale: float, *, tenants: int | None = None) -> Iterator[PretendWorlds]:
    """Pretend worlds and an empty installation; `tenants` limits how many of their tenants it has."""
    with tempfile.TemporaryDirectory(prefix="funil-benchmark-") as folder:
        installation = Installation(Path(folder) / "home")
        end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        try:
            with PretendWorlds(installation, seeds, scale, end) as worlds:
                for slug in list(worlds.tenants)[tenants:] if tenants is not None else []:
                    del installation.tenants[slug], worlds.tenants[slug]
                installation.write_tenants()
                yield worlds
        finally:
            installation.stop()


def measure(worlds: PretendWorlds, name: str, *arguments: str) -> Measured:
    began = time.time()
    succeeded(worlds.installation.funil("run", *arguments, timeout=3600))
    seconds = time.time() - began
    requests, read, written, sync = worlds.installation.query(COSTS, began).iloc[0]
    build = worlds.installation.query(BUILDS, began).iloc[0, 0]
    return Measured(name, seconds, sync, build, requests, read, written)


def show(title: str, measured: Sequence[Measured], *, tenants: int, limits: dict[str, float] | None = None) -> bool:
    """Prints a row per run, each beside the first; says whether every limit (seconds, by name) held."""
    table = Table(title=title, title_justify="left")
    for heading in (
        "run",
        "seconds",
        "x first",
        "of it sync",
        "of it tables",
        "requests",
        "per tenant",
        "rows read/s",
        "written",
    ):
        table.add_column(heading, justify="left" if heading == "run" else "right", no_wrap=True)
    for one in measured:
        table.add_row(
            one.name,
            f"{one.seconds:.1f}",
            f"{one.seconds / measured[0].seconds:.2f}",
            f"{one.sync_seconds:.1f}",
            f"{one.build_seconds:.1f}",
            f"{one.requests:,}",
            f"{one.requests / tenants:.1f}",
            f"{one.rows_read / one.sync_seconds:,.0f}" if one.sync_seconds else "-",
            f"{one.rows_written:,}",
        )
    console = Console(width=max(110, Console().width))
    console.print(table)
    held = True
    for one in measured:
        limit = (limits or {}).get(one.name)
        if limit is not None and one.seconds > limit:
            held = False
            console.print(f"{one.name}: {one.seconds:.1f} s, more than the {limit:.0f} s it may take on 2 cores")
    return held
