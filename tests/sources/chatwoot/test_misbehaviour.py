"""A server, or a network, that misbehaves costs time and requests, never rows."""

from __future__ import annotations

from functools import partial

import pytest

from sandbox.world.world import World
from sources.chatwoot import errors
from tests.sources.chatwoot.conftest import MakePretend, impatient
from tests.sources.chatwoot.expected import differences

SLUG = "sorriso"
FAULTS = {
    "throttled": [{"kind": "throttle", "probability": 0.15}],
    "failing": [{"kind": "error", "probability": 0.1}, {"kind": "error", "status": 502, "probability": 0.05}],
    "cut short": [{"kind": "cut", "probability": 0.1}, {"kind": "garbage", "probability": 0.05}],
    "reset": [{"kind": "reset", "probability": 0.1}],
    "shifting pages": [{"kind": "shift", "probability": 0.2}, {"kind": "shift", "rows": -1, "probability": 0.2}],
    "all of it": [
        {"kind": "throttle", "probability": 0.03},
        {"kind": "error", "probability": 0.03},
        {"kind": "cut", "probability": 0.03},
        {"kind": "reset", "probability": 0.03},
        {"kind": "shift", "probability": 0.1},
    ],
}


# with such odds, one request in some ten thousand fails five times in a row
patient = partial(impatient, attempts=9)


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
def test_the_rows_are_exactly_the_same(pretend: MakePretend, faults: list[dict[str, object]]) -> None:
    there = pretend(World.generate(seed=21, scale=0.06, slugs=[SLUG]))
    for fault in faults:
        there.server.misbehave(SLUG, **fault)  # type: ignore[arg-type]
    there.sync(SLUG, connect=patient)
    assert differences(there.dsn, SLUG, there.account(SLUG)) == {}
    there.server.advance(24 * 10, unannounced=False)
    there.sync(SLUG, connect=patient)
    assert differences(there.dsn, SLUG, there.account(SLUG), announced=True) == {}
    there.server.advance(100, unannounced=True)
    there.sync(SLUG, mode="reconcile", connect=patient)
    assert differences(there.dsn, SLUG, there.account(SLUG)) == {}


def test_a_server_that_never_recovers_is_one_sentence_and_what_landed_stays(pretend: MakePretend) -> None:
    there = pretend(World.generate(seed=21, scale=0.06, slugs=[SLUG]))
    there.server.misbehave(SLUG, "error", endpoints=["contacts.list"])
    with pytest.raises(errors.ServerFailed) as caught:
        there.sync(SLUG)
    assert str(caught.value).startswith(f"Tenant '{SLUG}': Chatwoot at http://127.0.0.1:")
    assert there.account(SLUG).api_token not in str(caught.value)
    there.server.behave()
    there.requests(SLUG)
    summary = there.sync(SLUG)
    assert summary.mode == "incremental"  # the conversations had landed
    assert "messages.list" not in there.requests(SLUG)
    assert differences(there.dsn, SLUG, there.account(SLUG)) == {}


def test_an_answer_too_large_for_the_server_is_read_page_by_page(pretend: MakePretend) -> None:
    there = pretend(World.generate(seed=21, scale=0.06, slugs=[SLUG]))
    there.sync(SLUG)
    there.server.advance(24, unannounced=False)
    there.server.misbehave(SLUG, "error", endpoints=["conversations.list"], count=5)
    summary = there.sync(SLUG)
    assert summary.details["conversations_read_by"] == "every page"
    assert differences(there.dsn, SLUG, there.account(SLUG), announced=True) == {}
