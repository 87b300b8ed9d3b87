"""The whole way from raw tables through a language model to the analysis, killed at any moment and held to a budget."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from analyzers import Transcript
from funil.tenants import Tenant
from orchestration.analyze_tenant import analyze_tenant, estimate_tenant
from sandbox.language_model.model import LanguageModel
from sandbox.server.serve import SandboxServer
from sandbox.world.world import World
from tests.analyzers.landing import land
from tests.analyzers.pretend import transcripts_of

CONCURRENCY = 16
READ = """
import json, sys
from funil.tenants import Tenant
from orchestration.analyze_tenant import analyze_tenant, estimate_tenant
analyze_tenant(sys.argv[1], Tenant.model_validate(json.loads(sys.argv[2])), print)
"""


def tenant(world: World, **analyzer: Any) -> dict[str, Any]:
    settings = {**world.tenants["boxcentral"].settings, "bot": {"database_url": "postgresql://nowhere"}}
    return settings | {"analyzer": {"engine": "openai", **analyzer}}


def values(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode()).fetchall()


def count(dsn: str) -> int:
    return int(values(dsn, "select count(*) from analysis.conversation_analysis where engine = 'openai'")[0][0])


@pytest.fixture(scope="module")
def transcripts(world: World) -> Sequence[Transcript]:
    return [t for t in transcripts_of(world, "boxcentral") if any(m.speaker == "customer" for m in t.messages)]


def test_a_kill_at_any_moment_loses_what_is_in_flight_and_pays_for_nothing_else_twice(
    world: World,
    sandbox: SandboxServer,
    model: LanguageModel,
    key: str,
    warehouse: str,
    transcripts: Sequence[Transcript],
    long_tests: bool,
) -> None:
    kills = 20 if long_tests else 3
    model.latency_seconds, model.latency_jitter = 0.1, 0.5
    land(warehouse, transcripts)
    chance = random.Random(7)
    total, killed = len(transcripts), 0
    arguments = [
        sys.executable,
        "-c",
        READ,
        warehouse,
        json.dumps(tenant(world, concurrency=CONCURRENCY, monthly_budget_usd="5")),
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    while True:
        before = model.traffic.answered.total()
        goal = before + chance.randint(0, max((total - count(warehouse)) * 2 // 3, 1))
        child = subprocess.Popen(arguments, env=environment)
        if killed == kills:
            assert child.wait(120) == 0
            break
        while child.poll() is None and model.traffic.answered.total() < goal:
            time.sleep(0.002)
        if child.poll() is None:
            time.sleep(chance.uniform(0, 0.1))
        child.kill()
        child.wait()
        killed += 1
        time.sleep(0.2)  # what was in flight is answered, to nobody
        assert model.traffic.answered.total() - count(warehouse) <= killed * CONCURRENCY
    assert count(warehouse) == total
    assert len(model.traffic.answered) == total
    twice = sum(times - 1 for times in model.traffic.answered.values())
    assert twice <= kills * CONCURRENCY
    # every answer that came back is on record, and what came back to nobody is still set aside
    ((spent, reserved),) = values(warehouse, "select spent_usd, reserved_usd from ops.llm_budgets")
    ((used, requests),) = values(warehouse, "select sum(cost_usd), sum(requests) from ops.llm_usage")
    assert spent == used
    assert total <= requests <= model.traffic.answered.total()
    assert requests == model.traffic.answered.total() or reserved > 0


def test_a_budget_is_not_overshot_by_many_workers_and_the_operator_is_told_once(
    world: World,
    sandbox: SandboxServer,
    model: LanguageModel,
    key: str,
    warehouse: str,
    transcripts: Sequence[Transcript],
) -> None:
    model.latency_seconds = 0.05
    # a model so dear that a dollar does not do for all
    spender = Tenant.model_validate(tenant(world, concurrency=64, model="gpt-6-sol", monthly_budget_usd="0.10"))
    land(warehouse, transcripts)
    summary, notes = analyze_tenant(warehouse, spender, lambda text: None)
    assert len(notes) == 1
    assert "The budget of the month is spent" in notes[0]
    assert summary.analyzed == len(transcripts)
    by_engine = dict(values(warehouse, "select engine, count(*) from analysis.conversation_analysis group by 1"))
    assert by_engine["openai"] > 10
    assert by_engine["regex"] > 20
    ((spent, reserved),) = values(warehouse, "select spent_usd, reserved_usd from ops.llm_budgets")
    assert reserved == 0
    # the last ones go one by one, as long as there is room for the most that one can cost
    assert Decimal("0.06") < spent <= Decimal("0.10")
    assert values(warehouse, "select sum(cost_usd) from ops.llm_usage") == [(spent,)]

    land(warehouse, [shifted(transcript) for transcript in transcripts[:5]], sync_id=2)
    summary, notes = analyze_tenant(warehouse, spender, lambda text: None)
    assert (summary.analyzed, notes) == (5, [])


def shifted(transcript: Transcript) -> Transcript:
    return Transcript(
        transcript.tenant_id,
        f"{transcript.conversation_id}-again",
        transcript.vertical,
        transcript.timezone,
        transcript.messages,
    )


def test_what_a_backfill_would_cost_is_known_before_and_reads_what_the_rules_had_to_read(
    world: World,
    sandbox: SandboxServer,
    model: LanguageModel,
    key: str,
    warehouse: str,
    transcripts: Sequence[Transcript],
) -> None:
    land(warehouse, transcripts)
    broke = Tenant.model_validate(tenant(world, monthly_budget_usd="0"))
    analyze_tenant(warehouse, broke, lambda text: None)
    assert count(warehouse) == 0
    rich = Tenant.model_validate(tenant(world, monthly_budget_usd="5"))
    # an ordinary run leaves what stands; a backfill reads it
    assert estimate_tenant(warehouse, rich)[0].questions == 0
    estimate, left = estimate_tenant(warehouse, rich, everything=True)
    assert (estimate.conversations, estimate.questions, left) == (len(transcripts), len(transcripts), Decimal(5))
    assert model.traffic.requests["chat.completions"] == 0
    summary, _ = analyze_tenant(warehouse, rich, lambda text: None, everything=True)
    assert count(warehouse) == len(transcripts)
    # lengths say what tokens will be, give or take, and rather too much than too little
    assert 0.8 * summary.cost_usd < estimate.cost_usd < 3 * summary.cost_usd
    assert estimate_tenant(warehouse, rich, everything=True)[0].questions == 0
