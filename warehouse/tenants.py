"""The tenants' settings as config tables, from which dbt reads them. Secrets are not among them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

import psycopg
from psycopg import sql

from funil.errors import FunilError
from funil.tenants import Tenant
from warehouse.access.roles import ensure_group, tenant_role
from warehouse.audit import note, person_at_the_keyboard
from warehouse.closed_days import closed_days
from warehouse.connect import connect
from warehouse.locks import release_tenant_lock, take_tenant_lock
from warehouse.policy_history import change_policies
from warehouse.sync_ids import take_sync_id

Values = tuple[str | None, ...]


class _Table(NamedTuple):
    name: str
    columns: tuple[str, ...]
    keys: int
    """How many of the columns, from the first, are the key beside tenant_id."""


TENANTS = _Table(
    "tenants",
    (
        "name",
        "vertical",
        "timezone",
        "locale",
        "currency",
        "country",
        "subdivision",
        "holidays",
        "owner_cost_per_month",
        "has_chatwoot",
        "has_bot",
        "analyzer_engine",
        "is_active",
    ),
    0,
)
# What is in force; `policy_history` keeps what was before.
SLA_POLICIES = _Table("sla_policies", ("metric", "inbox_id", "priority", "threshold_seconds", "business_hours_only"), 3)
BUSINESS_HOURS = _Table("business_hours", ("day_of_week", "opens_at", "closes_at", "began_day_before"), 2)
CLOSED_DAYS = _Table("closed_days", ("closed_on", "reason"), 1)
TABLES = (TENANTS, SLA_POLICIES, BUSINESS_HOURS, CLOSED_DAYS)

# A tenant's rows of each table, as the text PostgreSQL shows them in.
Config = Mapping[_Table, frozenset[Values]]


@dataclass
class StoredTenants:
    """What `store_tenants` did."""

    changed: list[str] = field(default_factory=list)
    """Tenants whose settings in the warehouse are new."""
    busy: list[str] = field(default_factory=list)
    """With `wait=False`: changed tenants that are being synced just now; the next call stores them."""
    errors: dict[str, str] = field(default_factory=dict)
    """Tenants that could not be stored, with a sentence each; the others were."""


def store_tenants(
    dsn: str, tenants: Iterable[Tenant], *, broken: Collection[str] = (), wait: bool = True, today: date | None = None
) -> StoredTenants:
    """Makes the config tables say what tenants.yaml says.

    `tenants` are all the file's tenants: one that the warehouse has and the file lacks becomes inactive, its data
    stays. `broken` are slugs the file has but which are not usable now: they are left alone. A tenant is stored in one
    transaction under its lock; an unchanged one costs neither, and its rows keep their `_sync_id`.
    """
    result = StoredTenants()
    wanted: dict[str, Config] = {}
    for tenant in tenants:
        try:
            wanted[tenant.slug] = _config_of(tenant, today or datetime.now(UTC).date())
        except FunilError as error:
            result.errors[tenant.slug] = str(error)
    kept = wanted.keys() | result.errors.keys() | set(broken)
    with connect(dsn, autocommit=True) as connection:
        stored = _read(connection)
        for slug, config in stored.items():
            if slug not in kept:
                wanted[slug] = _inactive(config)
        for slug in sorted(wanted):
            if wanted[slug] == stored.get(slug):
                continue
            if not take_tenant_lock(connection, slug, wait=wait):
                result.busy.append(slug)
                continue
            try:
                with connection.transaction():
                    if _write(connection, slug, wanted[slug]):
                        result.changed.append(slug)
            finally:
                release_tenant_lock(connection, slug)
    return result


def _config_of(tenant: Tenant, today: date) -> Config:
    return {
        TENANTS: frozenset(
            {
                (
                    tenant.name,
                    tenant.vertical,
                    tenant.timezone,
                    tenant.locale,
                    tenant.currency,
                    tenant.country,
                    tenant.subdivision,
                    tenant.holidays,
                    str(tenant.owner_cost_per_month.quantize(Decimal("0.01"))),
                    _word(tenant.chatwoot is not None),
                    _word(tenant.bot is not None),
                    tenant.analyzer.engine,
                    _word(True),
                )
            }
        ),
        SLA_POLICIES: frozenset(
            (
                policy.metric,
                str(policy.inbox or 0),
                policy.priority or "",
                str(policy.threshold_seconds),
                _word(policy.business_hours_only),
            )
            for policy in tenant.sla.policies
        ),
        BUSINESS_HOURS: frozenset(
            (
                str(shift.day_of_week),
                shift.opens_at.isoformat(),
                shift.closes_at.isoformat() if shift.closes_at else "24:00:00",
                _word(shift.began_day_before),
            )
            for shift in tenant.shifts
        ),
        CLOSED_DAYS: frozenset((day.isoformat(), reason) for day, reason in closed_days(tenant, today).items()),
    }


def _inactive(config: Config) -> Config:
    [row] = config[TENANTS]
    return {**config, TENANTS: frozenset({(*row[:-1], _word(False))})}


def _read(connection: psycopg.Connection, tenant_id: str | None = None) -> dict[str, Config]:
    found: dict[str, dict[_Table, set[Values]]] = {}
    for table in TABLES:
        statement = sql.SQL(
            "select tenant_id, {} from {} where (tenant_id = %(tenant_id)s or %(tenant_id)s::text is null) and {}"
        )
        texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for column in table.columns)
        present = sql.SQL("valid_to is null" if table is SLA_POLICIES else "true")
        query = statement.format(texts, sql.Identifier("config", table.name), present)
        for slug, *values in connection.execute(query, {"tenant_id": tenant_id}):
            found.setdefault(slug, {each: set() for each in TABLES})[table].add(tuple(values))
    return {slug: {table: frozenset(rows) for table, rows in config.items()} for slug, config in found.items()}


def _write(connection: psycopg.Connection, slug: str, wanted: Config) -> bool:
    stored = _read(connection, slug).get(slug)
    if stored == wanted:  # somebody else was quicker
        return False
    ensure_group(connection, tenant_role(slug))
    changed = _changed_keys(stored, wanted)
    note(connection, person_at_the_keyboard(), "settings", slug, tenant_id=slug, is_new=stored is None, changed=changed)
    sync_id = take_sync_id(connection, slug)
    for table in TABLES:
        have = stored[table] if stored else frozenset()
        if table is SLA_POLICIES:
            change_policies(connection, slug, ended=have - wanted[table], begun=wanted[table] - have, sync_id=sync_id)
            continue
        kept_keys = {row[: table.keys] for row in wanted[table]}
        for row in have:
            if row[: table.keys] not in kept_keys:
                _delete(connection, table, slug, row)
        # A row that is gone leaves no sync id behind: any change of a tenant's settings shows in its row of `tenants`.
        new = wanted[table] if table is TENANTS else wanted[table] - have
        for row in sorted(new, key=str):
            _upsert(connection, table, slug, row, sync_id)
    return True


def _changed_keys(stored: Config | None, wanted: Config) -> list[str]:
    """The settings that are other than they were, by name."""
    changed = [table.name for table in TABLES if table is not TENANTS and stored and stored[table] != wanted[table]]
    [new] = wanted[TENANTS]
    for old in stored[TENANTS] if stored else ():
        changed += [name for name, was, is_now in zip(TENANTS.columns, old, new, strict=True) if was != is_now]
    return sorted(changed)


def _delete(connection: psycopg.Connection, table: _Table, slug: str, row: Values) -> None:
    same = [sql.SQL("{}::text = %s").format(sql.Identifier(column)) for column in table.columns[: table.keys]]
    statement = sql.SQL("delete from {} where tenant_id = %s and {}")
    query = statement.format(sql.Identifier("config", table.name), sql.SQL(" and ").join(same))
    connection.execute(query, [slug, *row[: table.keys]])


def _upsert(connection: psycopg.Connection, table: _Table, slug: str, row: Values, sync_id: int) -> None:
    names: Sequence[str] = ("tenant_id", *table.columns, "_sync_id")
    changes = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in names[1 + table.keys :]]
    statement = sql.SQL(
        "insert into {} ({}) values ({}) on conflict ({}) do update set {}, _synced_at = now()",
    ).format(
        sql.Identifier("config", table.name),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join([sql.Placeholder()] * len(names)),
        sql.SQL(", ").join(map(sql.Identifier, names[: 1 + table.keys])),
        sql.SQL(", ").join(changes),
    )
    connection.execute(statement, [slug, *row, sync_id])


def _word(value: bool) -> str:
    return "true" if value else "false"
