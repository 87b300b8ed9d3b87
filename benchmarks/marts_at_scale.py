"""The marts at 100,000 conversations: `python -m benchmarks.marts_at_scale [--home FOLDER] [--copies 24]`.

Times dbt as a tick calls it: everything from nothing, a tick in which one in a hundred conversations changed, one in which
nothing did, and the queries of the marts' dashboards. The data set is made once and kept in the folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.scaled_warehouse import ScaledWarehouse, fresh_copy, open_data_set
from orchestration.dbt_environment import DBT_PROJECT, dbt_environment
from orchestration.dbt_invocation import AS_A_TICK
from orchestration.dbt_manifest import DBT
from warehouse.embedded import EmbeddedPostgres

# hours of the pretend world between the data set's steps, and the share of the conversations that each may change
ADVANCES, CHANGED = (9.0, 9.0), 0.01
BUILD = ("build", "--selector", "tenant_tables", "--exclude-resource-type", "unit_test")
VIEWS = ("build", "--selector", "shared_views", "--exclude-resource-type", "unit_test")
VIEWS_OVER_TABLES = ("build", "--selector", "views_over_tables", "--exclude-resource-type", "unit_test")
DASHBOARDS = Path(__file__).with_suffix(".yaml")
FULL_SECONDS, TICK_SHARE, QUERY_MS = 120, 0.15, 100


@dataclass(frozen=True)
class Build:
    """One dbt process: its wall time, its processor time with the database's, and the seconds each node took a thread."""

    name: str
    seconds: float
    cpu_seconds: float
    nodes: dict[str, float]

    def of(self, kind: str) -> dict[str, float]:
        return {id.split(".")[2]: seconds for id, seconds in self.nodes.items() if id.startswith(f"{kind}.")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=DBT_PROJECT.parent / ".benchmark")
    parser.add_argument("--copies", type=int, default=24, help="of the world's 4,200 conversations")
    parser.add_argument("--leave-running", action="store_true", help="the server, to look at what was built")
    parser.add_argument("--slowest", type=int, default=25, help="models shown")
    options = parser.parse_args()
    options.home.mkdir(parents=True, exist_ok=True)
    console = Console(width=max(110, Console().width))
    try:
        data_set = open_data_set(options.home / "home", copies=options.copies, advances=ADVANCES)
        warehouse = fresh_copy(data_set, len(ADVANCES))
        return measure(warehouse, options, console)
    finally:
        if not options.leave_running:
            EmbeddedPostgres(options.home / "home").stop()


def measure(warehouse: ScaledWarehouse, options: Any, console: Console) -> int:
    scratch = options.home / "dbt"
    console.print(f"Load before: {os.getloadavg()[0]:.1f}; {_size(warehouse)}")
    dbt(warehouse, scratch, "views", *VIEWS)
    builds = [dbt(warehouse, scratch, "all, from nothing", *BUILD)]
    dbt(warehouse, scratch, "views over tables", *VIEWS_OVER_TABLES)
    for step in range(1, warehouse.steps + 1):
        share = warehouse.apply(step, CHANGED)
        settle(warehouse)
        name = f"{share:.1%} of the conversations changed, tick {step}"
        builds.append(dbt(warehouse, scratch, name, *BUILD))
    builds.append(dbt(warehouse, scratch, "nothing changed", *BUILD))
    console.print(_builds(builds), _models(builds, options.slowest))
    queries, slow = _queries(warehouse)
    console.print(queries, f"Load after: {os.getloadavg()[0]:.1f}")
    full, *ticks, _ = builds
    missed = [f"full build: {full.seconds:.0f} s, more than {FULL_SECONDS} s"] if full.seconds > FULL_SECONDS else []
    missed += [
        f"{tick.name}: {tick.seconds / full.seconds:.0%} of a full build, more than {TICK_SHARE:.0%}"
        for tick in ticks
        if tick.seconds > TICK_SHARE * full.seconds
    ]
    missed += [f"{query}: {ms:.0f} ms, more than {QUERY_MS} ms" for query, ms in slow.items() if ms > QUERY_MS]
    for miss in missed:
        console.print(miss)
    return 1 if missed else 0


def dbt(warehouse: ScaledWarehouse, scratch: Path, name: str, *arguments: str) -> Build:
    """A dbt process as the product starts it; raises if it fails."""
    target = scratch / "target"
    target.mkdir(parents=True, exist_ok=True)
    variables = {
        **dbt_environment(warehouse.url),
        **AS_A_TICK,
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(scratch / "logs"),
    }
    began, cpu = time.perf_counter(), _cpu_seconds(warehouse)
    done = subprocess.run(
        [*DBT, *arguments],
        cwd=DBT_PROJECT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"dbt {' '.join(arguments)} failed:\n{done.stdout[-4000:]}")
    results = json.loads((target / "run_results.json").read_bytes())["results"]
    shutil.copy(target / "run_results.json", scratch / f"{name.replace(' ', '_').replace('%', '')}.json")
    return Build(
        name,
        seconds,
        _cpu_seconds(warehouse) - cpu,
        {result["unique_id"]: float(result["execution_time"]) for result in results},
    )


def settle(warehouse: ScaledWarehouse) -> None:
    """What the server does by itself within minutes of large writes, and before the next tick: it would be timed with it."""
    with psycopg.connect(warehouse.url, autocommit=True) as connection:
        connection.execute("vacuum (analyze)")
        connection.execute("checkpoint")


def _cpu_seconds(warehouse: ScaledWarehouse) -> float:
    """Of all processes ended so far that this one or the database's server began: other work on the machine does not count."""
    with psycopg.connect(warehouse.url) as connection:
        server = psutil.Process(connection.info.backend_pid).parent()
    times = [psutil.Process().cpu_times(), *([server.cpu_times()] if server else [])]
    return float(sum(each.children_user + each.children_system for each in times))


def _size(warehouse: ScaledWarehouse) -> str:
    with psycopg.connect(warehouse.url) as connection:
        counts = [
            connection.execute(f"select count(*) from {table}".encode()).fetchone() or (0,)
            for table in (
                "config.tenants",
                "raw_chatwoot.conversations",
                "raw_chatwoot.messages",
                "raw_bot.conversation_messages",
            )
        ]
    return "{:,} tenants, {:,} conversations, {:,} messages and {:,} of the bot's".format(*(row[0] for row in counts))


def _builds(builds: list[Build]) -> Table:
    table = Table(title="dbt build", title_justify="left")
    for heading in ("build", "seconds", "of the full", "processor", "of the full", "models", "tests", "hooks"):
        table.add_column(heading, justify="left" if heading == "build" else "right", no_wrap=True)
    for build in builds:
        table.add_row(
            build.name,
            f"{build.seconds:.1f}",
            f"{build.seconds / builds[0].seconds:.1%}",
            f"{build.cpu_seconds:.1f}",
            f"{build.cpu_seconds / builds[0].cpu_seconds:.1%}",
            *(f"{sum(build.of(kind).values()):.1f}" for kind in ("model", "test", "operation")),
        )
    return table


def _models(builds: list[Build], slowest: int) -> Table:
    table = Table(title="seconds per model, and of the tests of each kind", title_justify="left")
    table.add_column("model")
    for build in builds:
        table.add_column(build.name.partition(" of the ")[0].removeprefix("all, "), justify="right")
    rows = {name: [build.of("model").get(name, 0.0) for build in builds] for name in builds[0].of("model")}
    for name, seconds in sorted(rows.items(), key=lambda row: -max(row[1][1:]))[:slowest]:
        table.add_row(name, *(f"{each:.2f}" for each in seconds))
    table.add_section()
    tests: dict[str, list[float]] = {}
    for number, build in enumerate(builds):
        for name, seconds in build.of("test").items():
            tests.setdefault(name, [0.0] * len(builds))[number] = seconds
    for name, seconds in sorted(tests.items(), key=lambda row: -max(row[1][1:]))[:slowest]:
        table.add_row(name[:60], *(f"{each:.2f}" for each in seconds))
    return table


def _queries(warehouse: ScaledWarehouse) -> tuple[Table, dict[str, float]]:
    """Each dashboard's queries, as the largest tenant asks them: the median of five, warm."""
    table = Table(title="dashboard queries", title_justify="left")
    for heading in ("mart", "asks", "rows", "ms"):
        table.add_column(heading, justify="right" if heading in ("rows", "ms") else "left")
    found: dict[str, float] = {}
    with _reading(warehouse) as (connection, values):
        for mart, questions in yaml.safe_load(DASHBOARDS.read_text(encoding="utf-8")).items():
            for question, query in questions.items():
                times, rows = [], 0
                for _ in range(6):
                    began = time.perf_counter()
                    rows = len(connection.execute(query, values).fetchall())
                    times.append(1000 * (time.perf_counter() - began))
                found[f"{mart}, {question}"] = statistics.median(times[1:])
                table.add_row(mart, question, f"{rows:,}", f"{found[f'{mart}, {question}']:.1f}")
        marts = {row[0] for row in connection.execute(MARTS)}
        for mart in sorted(marts - set(yaml.safe_load(DASHBOARDS.read_text(encoding="utf-8")))):
            table.add_row(mart, "[red]no query is declared[/]", "", "")
    return table, found


MARTS = "select table_name from information_schema.tables where table_schema = 'marts'"
LARGEST = """
select tenant_id, max(created_date) + 1 from marts.fct_conversations group by tenant_id order by count(*) desc limit 1
"""


@contextmanager
def _reading(warehouse: ScaledWarehouse) -> Iterator[tuple[psycopg.Connection, dict[str, Any]]]:
    with psycopg.connect(warehouse.url) as connection:
        tenant_id, until = connection.execute(LARGEST).fetchone() or ("", None)
        yield connection, {"tenant": tenant_id, "until": until}


if __name__ == "__main__":
    sys.exit(main())
