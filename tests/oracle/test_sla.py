"""The oracle's own arithmetic, by hand: what meets a threshold, what breaches it, what is not measured."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from tests.oracle.build import NINE, after, facts_of, rows_of, talk
from tests.oracle.facts import Override
from tests.oracle.minute_clock import Span
from tests.oracle.sla import fct_sla, sla_daily, tenants_policies
from tests.oracle.timeline import talks

NONE: list[tuple[int, ...]] = []
MET, BREACHED, RUNNING = [(1, 1, 0, 0)], [(1, 0, 1, 0)], [(1, 0, 0, 1)]


def judged(
    metric: str, seconds: int, story: list[tuple[float, str]], now: float = 1e6, **talk_is: object
) -> list[tuple[object, ...]]:
    facts = facts_of(talk(story, **talk_is), thresholds={metric: seconds}, as_of=after(now))  # type: ignore[arg-type]
    return rows_of(sla_daily(facts), "applied", "met", "breached", "running")


@pytest.mark.parametrize(
    ("story", "now", "verdict"),
    [
        pytest.param([(0, "customer"), (300, "human")], 1e6, MET, id="at exactly due it is met"),
        pytest.param([(0, "customer"), (301, "human")], 1e6, BREACHED, id="a second later it is not"),
        pytest.param([(0, "customer"), (300.9, "human")], 1e6, MET, id="whole seconds"),
        pytest.param([(0, "customer")], 300, RUNNING, id="due is now"),
        pytest.param([(0, "customer")], 301, BREACHED, id="due has passed"),
        pytest.param([(0, "human")], 1e6, NONE, id="nobody has asked"),
        pytest.param([(0, "customer"), (301, "resolved")], 1e6, BREACHED, id="resolved unanswered after due"),
        pytest.param([(0, "customer"), (300, "resolved")], 1e6, NONE, id="resolved unanswered before due"),
        pytest.param(
            [(0, "customer"), (9, "resolved"), (400, "customer"), (400, "opened")],
            600,
            RUNNING,
            id="opened again: a new clock",
        ),
        pytest.param([(0, "customer"), (9, "snoozed")], 600, BREACHED, id="sleep does not stop the clock"),
    ],
)
def test_first_response(story: list[tuple[float, str]], now: float, verdict: list[tuple[int, ...]]) -> None:
    assert judged("first_response", 300, story, now) == verdict


@pytest.mark.parametrize(
    ("story", "now", "verdict"),
    [
        pytest.param([(0, "customer"), (5, "bot")], 600, NONE, id="only the bot has it"),
        pytest.param(
            [(0, "customer"), (5, "bot"), (60, "resolved"), (60, "bot_resolved")], 600, NONE, id="the bot closed it"
        ),
        pytest.param(
            [(0, "customer"), (60, "opened"), (60, "handed_off")], 360, RUNNING, id="the team has it since 60"
        ),
        pytest.param([(0, "customer"), (60, "opened"), (60, "handed_off")], 361, BREACHED, id="and is late"),
        pytest.param(
            [(0, "customer"), (60, "handed_off"), (400, "resolved"), (400, "bot_resolved")],
            600,
            BREACHED,
            id="never answered",
        ),
    ],
)
def test_first_response_with_a_bot(story: list[tuple[float, str]], now: float, verdict: list[tuple[int, ...]]) -> None:
    assert judged("first_response", 300, story, now, born_status="pending") == verdict


@pytest.mark.parametrize(
    ("story", "now", "verdict"),
    [
        pytest.param([(0, "customer"), (9, "human")], 1e6, NONE, id="the first response is not a next one"),
        pytest.param([(9, "human"), (20, "customer"), (80, "human")], 1e6, MET, id="at exactly due"),
        pytest.param([(9, "human"), (20, "customer"), (81, "human")], 1e6, BREACHED, id="late"),
        pytest.param([(9, "human"), (20, "customer"), (80, "bot")], 1e6, NONE, id="the bot ended it in time"),
        pytest.param([(9, "human"), (20, "customer"), (81, "bot")], 1e6, BREACHED, id="the bot ended it late"),
        pytest.param([(9, "human"), (20, "customer"), (30, "resolved")], 1e6, NONE, id="resolved in time"),
        pytest.param([(9, "human"), (20, "customer"), (99, "resolved")], 1e6, BREACHED, id="resolved late"),
        pytest.param([(9, "human"), (20, "customer")], 80, RUNNING, id="due is now"),
        pytest.param([(9, "human"), (20, "customer")], 81, BREACHED, id="due has passed"),
        pytest.param([(0, "customer"), (5, "bot"), (9, "human")], 1e6, NONE, id="a wait before the first response"),
    ],
)
def test_next_response(story: list[tuple[float, str]], now: float, verdict: list[tuple[int, ...]]) -> None:
    assert judged("next_response", 60, story, now) == verdict


@pytest.mark.parametrize(
    ("story", "now", "verdict"),
    [
        pytest.param([(3600, "resolved")], 1e6, MET, id="at exactly due"),
        pytest.param([(3601, "resolved")], 1e6, BREACHED, id="late"),
        pytest.param([(60, "resolved"), (90, "opened"), (9000, "resolved")], 1e6, MET, id="the first one counts"),
        pytest.param([(0, "customer")], 3600, RUNNING, id="due is now"),
        pytest.param([(0, "customer")], 3601, BREACHED, id="due has passed"),
    ],
)
def test_resolution(story: list[tuple[float, str]], now: float, verdict: list[tuple[int, ...]]) -> None:
    assert judged("resolution", 3600, story, now) == verdict


def test_a_talk_born_resolved_is_not_to_be_resolved() -> None:
    assert judged("resolution", 3600, [], born_status="resolved") == []


def test_a_missing_threshold_is_not_measured() -> None:
    facts = facts_of(talk([(0, "customer"), (5, "human"), (9, "resolved")]), thresholds={"resolution": 60})
    assert rows_of(sla_daily(facts), "metric") == [("resolution",)]


def test_rows_are_by_the_local_day_the_clock_began_and_by_inbox() -> None:
    # 23:59 in Sao Paulo is 02:59 UTC of the next day; compliance of that day: 1 of 2
    night = NINE.replace(hour=2, minute=59) + timedelta(days=1)
    facts = facts_of(
        talk([(0, "customer"), (10, "human")], began=night),
        talk([(0, "customer"), (11, "human")], began=night, talk_id="chatwoot-2"),
        talk([(0, "customer"), (10, "human")], began=night, talk_id="chatwoot-3", inbox_id=2),
        talk([(0, "customer"), (10, "human")], talk_id="bot-4", inbox_id=None, contact_id=None, lead_id="1"),
        thresholds={"first_response": 10},
    )
    assert rows_of(sla_daily(facts), "sla_date", "inbox_id", "applied", "met", "breached", "compliance") == [
        (date(2026, 3, 2), 1, 2, 1, 1, 0.5),
        (date(2026, 3, 2), 2, 1, 1, 0, 1.0),
        (date(2026, 3, 2), None, 1, 1, 0, 1.0),
    ]


@pytest.mark.parametrize(
    ("began", "seconds", "due_at"),
    [
        pytest.param(after(hours=8), 3599, after(3599, hours=8), id="a second before closing"),
        # 18:00 is not the last instant until which an hour has been open: that is 8:00 of the next day
        pytest.param(after(hours=8), 3600, after(days=1, hours=-1), id="due when it closes is due when it opens again"),
        pytest.param(after(hours=8), 3601, after(1, days=1, hours=-1), id="a second is left for tomorrow"),
        pytest.param(after(hours=8), 7200, after(days=1), id="an hour is left for tomorrow"),
        pytest.param(after(hours=8, days=4), 7200, after(days=7), id="not on Saturday, not on Sunday"),
        pytest.param(after(hours=12), 0, after(days=1, hours=-1), id="written at night"),
    ],
)
def test_due_in_opening_hours(began: datetime, seconds: int, due_at: datetime) -> None:
    facts = facts_of(
        talk([(0, "customer")], began=began),
        thresholds={"first_response": seconds},
        business_hours_only=True,
        hours=tuple(Span(day, 8 * 60, 18 * 60) for day in range(1, 6)),
        as_of=began,
    )
    assert rows_of(fct_sla(facts), "due_at", "status", "stopped_at") == [(due_at, "running", None)]


def test_the_threshold_for_inbox_and_priority_goes_before_the_prioritys_and_that_before_the_inboxs() -> None:
    overrides = (
        Override(1, None, {"first_response": 2, "resolution": 12, "next_response": 22}, business_hours_only=False),
        Override(None, "high", {"first_response": 3, "resolution": 13}, business_hours_only=False),
        Override(1, "high", {"first_response": 4}, business_hours_only=True),
    )
    thresholds = {"first_response": 1, "next_response": 21}
    found = {}
    for inbox_id, priority in ((1, "high"), (2, "high"), (1, "low"), (2, None)):
        row, moments = talk([(0, "customer")], inbox_id=inbox_id)
        facts = facts_of((dict(row) | {"priority": priority}, moments), thresholds=thresholds, overrides=overrides)
        policies = tenants_policies(facts, next(talks(facts)))
        found[inbox_id, priority] = [(*policy.thresholds.values(), policy.business_hours_only) for policy in policies]
    assert found == {
        (1, "high"): [(4, True), (22, False), (13, False)],
        (2, "high"): [(3, False), (21, False), (13, False)],
        (1, "low"): [(2, False), (22, False), (12, False)],
        (2, None): [(1, False), (21, False)],
    }


def test_nothing_is_due_where_it_never_opens() -> None:
    facts = facts_of(
        talk([(0, "customer"), (9, "resolved")]),
        thresholds={"resolution": 1},
        business_hours_only=True,
        hours=(),
        as_of=NINE,
    )
    columns = ("due_at", "stopped_at", "elapsed_seconds", "elapsed_business_seconds", "status")
    assert rows_of(fct_sla(facts), *columns) == [(None, after(9), 9, 0, "met")]


def test_a_row_of_each_threshold() -> None:
    facts = facts_of(
        talk([(0.7, "customer"), (60, "human"), (70, "customer"), (100.9, "bot"), (110, "customer"), (200, "human")]),
        thresholds={"first_response": 60, "next_response": 30},
        as_of=after(300),
    )
    columns = ("metric", "wait_number", "started_at", "due_at", "stopped_at", "elapsed_seconds", "status")
    assert rows_of(fct_sla(facts), *columns) == [
        ("first_response", 0, NINE, after(60), after(60), 60, "met"),
        # the bot ended the second wait in time: it is not judged
        ("next_response", 3, after(110), after(140), after(200), 90, "breached"),
    ]
