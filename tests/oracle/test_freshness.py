"""The oracle's own reading of how fresh a source is, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.build import NINE, after, facts_of, rows_of
from tests.oracle.freshness import tenant_freshness

OK = {"source": "bot", "sync_id": 1, "status": "succeeded", "finished_at": NINE}
FAILED = {"source": "bot", "sync_id": 2, "status": "failed", "finished_at": after(hours=1), "error": "No answer."}
RUNNING = {"source": "bot", "sync_id": 3, "status": "running"}
OF_CHATWOOT = {"source": "chatwoot", "sync_id": 4, "status": "succeeded", "finished_at": after(hours=2)}


@pytest.mark.parametrize(
    ("runs", "hours", "told"),
    [
        ([], 1, ("never", None, None)),
        ([RUNNING, OF_CHATWOOT], 1, ("never", None, None)),
        ([OK, RUNNING], 3, ("fresh", 10_800, None)),
        ([OK], 3.001, ("late", 10_804, None)),
        ([OK, FAILED, RUNNING], 2, ("failed", 7_200, "No answer.")),
        ([FAILED | {"sync_id": 0}, OK], 2, ("fresh", 7_200, None)),
        ([FAILED], 2, ("failed", None, "No answer.")),
    ],
)
def test_a_source_is_as_fresh_as_its_last_success_unless_it_failed_since(
    runs: list[Any], hours: float, told: tuple[Any, ...]
) -> None:
    facts = facts_of(sources=frozenset({"bot"}), last_events={"bot": after(-5)}, sync_runs=runs)
    table = tenant_freshness(facts, after(hours=hours))
    assert rows_of(table, "source", "last_event_at") == [("bot", after(-5))]
    assert rows_of(table, "status", "lag_seconds", "last_error") == [told]
