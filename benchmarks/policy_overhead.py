"""What row-level security costs dashboards: `python -m benchmarks.policy_overhead [--home FOLDER] [--tenants 50] [--rounds 30]`.

At 100,000 conversations of 50 tenants, asks each dashboard's query (marts_at_scale.yaml) in turn as the owner, with a filter by
tenant, and as logins of that tenant, without one; the largest tenant's. The warehouse is made once and kept in the folder: a
small pretend world goes the whole way to the marts, and those are given out to many tenants.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from rich.console import Console
from rich.table import Table

from benchmarks.marts_at_scale import DASHBOARDS, LARGEST
from benchmarks.scaled_warehouse import END
from orchestration.dbt_environment import DBT_PROJECT
from tests.end_to_end.installation import Installation, succeeded
from tests.end_to_end.pretend import PretendWorlds
from warehouse.access import Kind, grant_login
from warehouse.access.roles import ensure_group, tenant_role
from warehouse.embedded import EmbeddedPostgres

WORLD_TENANTS, WORLD_CONVERSATIONS = 3, 4_200
CONVERSATIONS, MOST = 100_000, 1.15
KINDS = (Kind.ADMIN, Kind.MANAGER, Kind.SECRETARY, Kind.MARKETING, Kind.AGENCY, Kind.GATEWAY)
FILTERS = (" where tenant_id = %(tenant)s and ", " where tenant_id = %(tenant)s")

READABLE = """
select c.oid::regclass::text, array_agg(a.attname::text order by a.attnum)
from pg_policy as p
join pg_class as c on c.oid = p.polrelid
join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
where p.polname = 'readers'
group by c.oid
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=DBT_PROJECT.parent / ".benchmark" / "policies")
    parser.add_argument("--tenants", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=30, help="times each query is asked by each")
    options = parser.parse_args()
    options.home.mkdir(parents=True, exist_ok=True)
    try:
        return measure(_warehouse(options.home, options.tenants), options.rounds, Console(width=130))
    finally:
        EmbeddedPostgres(options.home / "home").stop()


def measure(url: str, rounds: int, console: Console) -> int:
    with psycopg.connect(url) as owner:
        tenant, until = owner.execute(LARGEST).fetchone() or ("", None)
        sizes = owner.execute("select count(*), count(distinct tenant_id) from marts.fct_conversations").fetchone()
        assert sizes is not None
    console.print(f"{sizes[0]:,} conversations of {sizes[1]} tenants; load {os.getloadavg()[0]:.1f}")
    table = Table(title="milliseconds, first quartile; as a share of the owner's with a filter", title_justify="left")
    for heading in ("mart", "asks", "rows", "owner", *KINDS):
        table.add_column(str(heading), justify="left" if heading in ("mart", "asks") else "right")
    totals: dict[Kind, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    with ExitStack() as leaving:
        owner = leaving.enter_context(psycopg.connect(url, autocommit=True))
        readers = {kind: leaving.enter_context(_reader(url, kind, tenant)) for kind in KINDS}
        for mart, questions in yaml.safe_load(DASHBOARDS.read_text(encoding="utf-8")).items():
            for question, query in questions.items():
                rows, times = _ask(query, owner, readers, {"tenant": tenant, "until": until}, rounds)
                own = times.pop(None)
                cells = []
                for kind in KINDS:
                    if kind in times:
                        totals[kind].append((times[kind], own))
                    cells.append(f"{times[kind] / own:.2f}" if kind in times else "-")
                table.add_row(mart, question, f"{rows:,}", f"{own:.2f}", *cells)
    table.add_section()
    shares = {kind: sum(its for its, _ in pairs) / sum(own for _, own in pairs) for kind, pairs in totals.items()}
    table.add_row("all of them", "", "", "", *(f"{shares[kind]:.2f}" for kind in KINDS))
    console.print(table, f"load after: {os.getloadavg()[0]:.1f}")
    missed = {kind: share for kind, share in shares.items() if share > MOST}
    for kind, share in missed.items():
        console.print(f"{kind}: {share:.2f} times the owner's, more than {MOST}")
    return 1 if missed else 0


def _ask(
    query: str,
    owner: psycopg.Connection,
    readers: Mapping[Kind, psycopg.Connection],
    values: Mapping[str, Any],
    rounds: int,
) -> tuple[int, dict[Kind | None, float]]:
    """Rows, and each asker's milliseconds: the first quartile of many turns, least of all what else the machine did."""
    unfiltered = query.replace(FILTERS[0], " where ").replace(FILTERS[1], "")
    found = len(owner.execute(query.encode(), values).fetchall())
    askers: dict[Kind | None, tuple[psycopg.Connection, str]] = {None: (owner, query)}
    for kind, connection in readers.items():
        # an agency's dashboards filter too: it reads every tenant
        text = query if kind is Kind.AGENCY else unfiltered
        try:
            rows = len(connection.execute(text.encode(), values).fetchall())
        except psycopg.errors.InsufficientPrivilege:
            continue
        if kind is not Kind.SECRETARY and rows != found:
            raise SystemExit(f"{kind} gets {rows} rows and the owner {found}: {text}")
        askers[kind] = (connection, text)
    times: dict[Kind | None, list[float]] = {kind: [] for kind in askers}
    for _ in range(rounds):
        for asker, (connection, text) in askers.items():
            began = time.perf_counter()
            connection.execute(text.encode(), values).fetchall()
            times[asker].append(1000 * (time.perf_counter() - began))
    return found, {asker: statistics.quantiles(each, n=4)[0] for asker, each in times.items()}


def _reader(url: str, kind: Kind, tenant: str) -> psycopg.Connection:
    name = f"dashboard_{kind}"
    with psycopg.connect(url) as owner:
        agent = owner.execute("select agent_id from marts.dim_agents where tenant_id = %s limit 1", [tenant]).fetchone()
    granted = grant_login(
        url,
        url,
        name,
        kind,
        tenants=[tenant] if kind.is_of_tenants else [],
        agent_id=agent[0] if agent and kind is Kind.SECRETARY else None,
        actor="benchmark",
        new_password=True,
    )
    connection = psycopg.connect(granted.dsn or "", autocommit=True)
    if kind is Kind.GATEWAY:
        connection.execute(sql.SQL("set funil.tenant = {}").format(tenant))
    return connection


def _warehouse(home: Path, tenants: int) -> str:
    """The address of the warehouse of many tenants, made unless it is there."""
    installation = Installation(home / "home")
    installation.write_tenants()
    server = installation.url.rpartition("/")[0]
    name, making = f"policies_{tenants}", f"policies_{tenants}_in_the_making"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            return f"{server}/{name}"
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(making)))
    copies = -(-tenants // WORLD_TENANTS)
    scale = CONVERSATIONS / tenants * WORLD_TENANTS / WORLD_CONVERSATIONS
    with PretendWorlds(installation, (7,), scale, END):
        succeeded(installation.funil("run", timeout=3600))
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        source = str(conninfo_to_dict(installation.url)["dbname"])
        connection.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(making), sql.Identifier(source))
        )
    with psycopg.connect(f"{server}/{making}") as connection:
        _give_out(connection, copies, tenants)
    with psycopg.connect(f"{server}/{making}", autocommit=True) as connection:
        connection.execute("vacuum analyze")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(
            sql.SQL("alter database {} rename to {}").format(sql.Identifier(making), sql.Identifier(name))
        )
    return f"{server}/{name}"


def _give_out(connection: psycopg.Connection, copies: int, tenants: int) -> None:
    """Writes what each tenant has once more for each copy of it, in the order in which syncs bring it: mixed."""
    for place, columns in connection.execute(READABLE).fetchall():
        table, names = sql.Identifier(*place.split(".")), sql.SQL(", ").join(map(sql.Identifier, columns))
        values = sql.SQL(", ").join(
            sql.SQL("tenant_id || '_' || copy") if name == "tenant_id" else sql.Identifier(name) for name in columns
        )
        connection.execute(sql.SQL("create temporary table kept on commit drop as select * from {}").format(table))
        connection.execute(sql.SQL("delete from {}").format(table))
        connection.execute(
            sql.SQL(
                "insert into {} ({}) select {} from kept cross join generate_series(1, {}) as copies (copy) order by random()"
            ).format(table, names, values, copies)
        )
        connection.execute("drop table kept")
    slugs = [
        slug for (slug,) in connection.execute("select tenant_id from config.tenants order by tenant_id").fetchall()
    ]
    for slug in slugs[tenants:]:
        for place, _ in connection.execute(READABLE).fetchall():
            connection.execute(
                sql.SQL("delete from {} where tenant_id = {}").format(sql.Identifier(*place.split(".")), slug)
            )
    for slug in slugs[:tenants]:
        ensure_group(connection, tenant_role(slug))


if __name__ == "__main__":
    sys.exit(main())
