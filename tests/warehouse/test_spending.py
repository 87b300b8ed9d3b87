"""A month's budget holds, however many spend from it at once, and what was spent is on record."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg

from funil.tenants import Tenant
from warehouse.spending import open_spending


@dataclass
class Used:
    requests: int = 1
    prompt_tokens: int = 1000
    cached_tokens: int = 600
    completion_tokens: int = 100
    cost_usd: float = 0.003


def tenant(budget: str | None) -> Tenant:
    analyzer: dict[str, Any] = {"engine": "openai", "monthly_budget_usd": budget}
    return Tenant.model_validate(
        {
            "slug": "gym",
            "name": "Gym",
            "vertical": "gym",
            "bot": {"database_url": "postgresql://x"},
            "analyzer": analyzer,
        }
    )


def row(dsn: str, query: str) -> tuple[Any, ...]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute(query.encode()).fetchone()
    assert found is not None
    return found


def test_many_at_once_in_several_processes_stay_within_the_budget(warehouse: str) -> None:
    def spend(_: int) -> int:
        asked = 0
        with open_spending(warehouse, tenant("0.10")) as purse:  # a connection of its own, as a process has
            while purse.reserve(0.005):
                asked += 1
                purse.settle(0.005, "openai", "gpt-6-luna", Used())
        return asked

    with ThreadPoolExecutor(8) as pool:
        asked = sum(pool.map(spend, range(8)))
    spent, reserved = row(warehouse, "select spent_usd, reserved_usd from ops.llm_budgets")
    assert reserved == 0
    assert spent == Decimal("0.003") * asked
    # as long as there is room for the dearest request, one goes
    assert Decimal("0.095") < spent <= Decimal("0.10")
    used = row(warehouse, "select sum(requests), sum(cached_tokens), sum(cost_usd), max(model) from ops.llm_usage")
    assert used == (asked, asked * 600, spent, "gpt-6-luna")


def test_what_a_killed_run_had_under_way_stays_reserved(warehouse: str) -> None:
    with open_spending(warehouse, tenant("0.01")) as purse:
        assert purse.reserve(0.006)
    with open_spending(warehouse, tenant("0.01")) as purse:
        assert purse.left() == Decimal("0.004")
        assert not purse.reserve(0.006)
        assert purse.reserve(0.004)


def test_a_refused_request_costs_nothing_and_leaves_no_trace(warehouse: str) -> None:
    with open_spending(warehouse, tenant("0.01")) as purse:
        assert purse.reserve(0.01)
        purse.settle(0.01, "openai", "gpt-6-luna", Used(0, 0, 0, 0, 0.0))
        assert purse.left() == Decimal("0.01")
    assert row(warehouse, "select count(*) from ops.llm_usage") == (0,)


def test_the_operator_is_told_once_a_month(warehouse: str) -> None:
    told = []
    for _ in range(3):
        with open_spending(warehouse, tenant("0")) as purse:
            assert not purse.reserve(0.001)
            told.append(purse.notice())
    assert told == [True, False, False]


def test_without_a_budget_the_account_is_kept_all_the_same(warehouse: str) -> None:
    with open_spending(warehouse, tenant(None)) as purse:
        assert purse.reserve(1000)
        purse.settle(1000, "openai", "gpt-6-luna", Used())
    assert row(warehouse, "select spent_usd, reserved_usd from ops.llm_budgets") == (Decimal("0.003"), 0)
    with open_spending(warehouse, tenant("0.005")) as purse:  # a budget that is set later knows of it
        assert purse.left() == Decimal("0.002")
