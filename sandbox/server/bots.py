"""Keeps the bots' databases in step with the world: whole when they are new to it, by their changes afterwards."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from sandbox.bot_database import apply_bot_changes, load_bot_database
from sandbox.server.worlds import ServedWorld


def bring_up_to_date(world: ServedWorld, dsn_template: str) -> None:
    """`{slug}` in the template is the tenant's; a database that does not exist is created."""
    recipe = world.recipe()
    origin = {name: recipe.get(name) for name in ("seed", "scale", "end")}
    advances = recipe.get("advances", [])
    for slug, tenant in world.tenants.items():
        if tenant.bot is None:
            continue
        dsn = dsn_template.replace("{slug}", slug)
        _create_if_missing(dsn)
        held = _held(dsn)
        # what a database holds can be added to; another world's rows, or later ones of this one, cannot be taken back
        if held is None or held["origin"] != origin or held["advances"] != advances[: len(held["advances"])]:
            load_bot_database(dsn, tenant.bot)
        elif held["advances"] != advances:
            apply_bot_changes(dsn, tenant.bot)
        _hold(dsn, {"origin": origin, "advances": advances})


def _create_if_missing(dsn: str) -> None:
    name = str(conninfo_to_dict(dsn)["dbname"])
    with psycopg.connect(dsn, dbname="postgres", autocommit=True) as connection:
        if connection.execute("select from pg_database where datname = %s", [name]).fetchone() is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            # the server may be the warehouse's: its readers have no business here
            connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))


def _held(dsn: str) -> dict[str, Any] | None:
    """Which world the database was filled from, as a comment on its table of leads says."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select obj_description(to_regclass('public.leads'), 'pg_class')").fetchone()
    if row is None or row[0] is None:
        return None
    try:
        held: dict[str, Any] = json.loads(row[0])
        return held
    except ValueError:
        return None


def _hold(dsn: str, world: dict[str, Any]) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(sql.SQL("comment on table public.leads is {}").format(sql.Literal(json.dumps(world))))
