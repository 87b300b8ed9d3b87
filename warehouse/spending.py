"""What a tenant spends on language models, and the budget of a month that nobody overshoots.

Every request reserves from one row before it goes, so that threads, processes and machines at once stay within the budget. What
a request really took is taken from that row and added to `ops.llm_usage` when its answer comes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

import psycopg

from funil.tenants import Tenant
from warehouse.connect import connect

_OPEN = "insert into ops.llm_budgets (tenant_id, month) values (%s, %s) on conflict do nothing"
_RESERVE = """
update ops.llm_budgets set reserved_usd = reserved_usd + %(usd)s
where tenant_id = %(tenant_id)s and month = %(month)s and reserved_usd + spent_usd + %(usd)s <= %(budget)s
returning true
"""
_SETTLE = """
update ops.llm_budgets set reserved_usd = reserved_usd - %(reserved)s, spent_usd = spent_usd + %(spent)s
where tenant_id = %(tenant_id)s and month = %(month)s
"""
_USE = """
insert into ops.llm_usage as usage
    (tenant_id, day, engine, model, requests, prompt_tokens, cached_tokens, completion_tokens, cost_usd)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (tenant_id, day, engine, model) do update
set requests = usage.requests + excluded.requests,
    prompt_tokens = usage.prompt_tokens + excluded.prompt_tokens,
    cached_tokens = usage.cached_tokens + excluded.cached_tokens,
    completion_tokens = usage.completion_tokens + excluded.completion_tokens,
    cost_usd = usage.cost_usd + excluded.cost_usd
"""
_NOTICE = """
update ops.llm_budgets set noticed_at = now() where tenant_id = %s and month = %s and noticed_at is null returning true
"""
_LEFT = "select spent_usd, reserved_usd from ops.llm_budgets where tenant_id = %s and month = %s"
_MICROCENT = Decimal("0.00000001")


class Usage(Protocol):
    """What some requests took; `cached_tokens` are among the prompt's."""

    @property
    def requests(self) -> int: ...
    @property
    def prompt_tokens(self) -> int: ...
    @property
    def cached_tokens(self) -> int: ...
    @property
    def completion_tokens(self) -> int: ...
    @property
    def cost_usd(self) -> float: ...


class TenantSpending:
    """The purse of one tenant, for as long as it is open; any number of threads may use it.

    The month is that in which it was opened, in the tenant's time zone, and so are the days of `ops.llm_usage`.
    """

    def __init__(self, connection: psycopg.Connection, tenant: Tenant) -> None:
        self._connection = connection
        self._tenant_id = tenant.slug
        self._zone = ZoneInfo(tenant.timezone)
        self._budget = tenant.analyzer.monthly_budget_usd
        self._month = self._today().replace(day=1)
        self._one_at_a_time = threading.Lock()
        self._execute(_OPEN, [tenant.slug, self._month])

    @property
    def is_limited(self) -> bool:
        return self._budget is not None

    def reserve(self, usd: float) -> bool:
        """Sets aside the most a request can cost; False where the month's budget has no room for it."""
        if self._budget is None:
            return True
        return self._execute(_RESERVE, self._key(usd=_exact(usd), budget=self._budget))

    def settle(self, reserved_usd: float, engine: str, model: str, usage: Usage) -> None:
        """Gives back what was set aside, and takes what was really spent."""
        reserved = Decimal(0) if self._budget is None else _exact(reserved_usd)
        cost = _exact(usage.cost_usd)
        with self._one_at_a_time, self._connection.transaction():
            self._connection.execute(_SETTLE, self._key(reserved=reserved, spent=cost))
            if usage.requests:
                used = (usage.requests, usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens, cost)
                self._connection.execute(_USE, [self._tenant_id, self._today(), engine, model, *used])

    def notice(self) -> bool:
        """True once a month, for whoever is first to find that the budget is spent and tells the operator."""
        return self._execute(_NOTICE, [self._tenant_id, self._month])

    def left(self) -> Decimal | None:
        """What the month's budget still has room for, in US dollars; None without a budget."""
        if self._budget is None:
            return None
        with self._one_at_a_time:
            row = self._connection.execute(_LEFT, [self._tenant_id, self._month]).fetchone()
        return max(self._budget - sum(row or ()), Decimal(0))

    def _execute(self, statement: str, parameters: list[object] | dict[str, object]) -> bool:
        """Whether it returned a row."""
        with self._one_at_a_time:
            cursor = self._connection.execute(statement.encode(), parameters)
            return cursor.description is not None and cursor.fetchone() is not None

    def _key(self, **values: object) -> dict[str, object]:
        return {"tenant_id": self._tenant_id, "month": self._month, **values}

    def _today(self) -> date:
        return datetime.now(self._zone).date()


@contextmanager
def open_spending(dsn: str, tenant: Tenant) -> Iterator[TenantSpending]:
    """The tenant's purse, on a connection of its own."""
    with connect(dsn, autocommit=True) as connection:
        # a server that crashes forgets the last half second of it; a reservation need not wait for the disk
        connection.execute("set synchronous_commit to off")
        yield TenantSpending(connection, tenant)


def _exact(usd: float) -> Decimal:
    return Decimal(usd).quantize(_MICROCENT)
