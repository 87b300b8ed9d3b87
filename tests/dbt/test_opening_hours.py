"""The clock of open time against a count minute by minute, over years in which clocks went forward and back."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.dbt.project import Project, nodes_of
from tests.dbt.raw import Raw
from tests.oracle.minute_clock import ALWAYS, MinuteClock, Span, overnight

pytestmark = pytest.mark.xdist_group("dbt_opening_hours")

INTERVALS = 10_000
# Sao Paulo has had no daylight saving time since 2019; New York and Lisbon change on other days than each other
BEGIN, END = datetime(2017, 6, 1, tzinfo=UTC), datetime(2020, 6, 1, tzinfo=UTC)
FRIDAY, SATURDAY = 5, 6
OFFICE = [Span(day, 8 * 60, 18 * 60) for day in range(1, 6)] + [Span(SATURDAY, 8 * 60, 12 * 60 + 30)]
# open when clocks change, by night and over the night of Saturday
NIGHT = [
    *overnight(FRIDAY, 20 * 60, 4 * 60),
    *overnight(SATURDAY, 22 * 60 + 15, 6 * 60),
    Span(0, 23 * 60 + 30, 1440),
    Span(3, 0, 1440),
    Span(1, 1 * 60 + 30, 2 * 60 + 30),
]
ZONES = ["America/Sao_Paulo", "America/New_York", "Europe/Lisbon"]

CLOCK = """
select i.number, until_end.open_seconds - until_begin.open_seconds, due.instant
from public.intervals as i
{{ open_seconds_until("i.begins", "i.tenant_id", "i.inbox_id") }} as until_begin on true
{{ open_seconds_until("i.ends", "i.tenant_id", "i.inbox_id") }} as until_end on true
{{ instant_of_open_seconds("until_begin.open_seconds + i.allowed", "i.tenant_id", "i.inbox_id") }} as due on true
order by i.number
"""


def tell_hours(raw: Raw, spans: list[Span], closed: set[date]) -> None:
    for span in spans:
        raw.put(
            "config.business_hours",
            day_of_week=span.day_of_week,
            opens_at=f"{span.opens // 60:02}:{span.opens % 60:02}",
            closes_at=f"{span.closes // 60:02}:{span.closes % 60:02}",
            began_day_before=span.began_day_before,
        )
    for day in closed:
        raw.put("config.closed_days", closed_on=day, reason="holiday")


def tell_inbox(raw: Raw, inbox_id: int, timezone: str, days: dict[int, tuple[int, int] | None]) -> None:
    """Hours as Chatwoot has them, one span a day, in minutes; None is open all day, a missing day closed."""
    raw.put("raw_chatwoot.inboxes", id=inbox_id, name="inbox", timezone=timezone, working_hours_enabled=True)
    for day in range(7):
        span = days.get(day, (0, 0))
        opens, closes = span or (0, 0)
        raw.put(
            "raw_chatwoot.working_hours",
            inbox_id=inbox_id,
            day_of_week=day,
            closed_all_day=day not in days,
            open_all_day=span is None,
            open_hour=opens // 60,
            open_minutes=opens % 60,
            close_hour=closes // 60,
            close_minutes=closes % 60,
        )


@pytest.fixture(scope="module")
def calendars(new_project: Callable[[], Project]) -> tuple[Project, dict[tuple[str, int], MinuteClock]]:
    """A tenant per zone with night shifts, whose inbox 1 is open as an office of the next zone, 2 never, 3 always."""
    project = new_project()
    chance = random.Random(17)
    days = [BEGIN.date() + timedelta(days=n) for n in range((END - BEGIN).days)]
    clocks = {}
    with psycopg.connect(project.url) as connection:
        for number, zone in enumerate(ZONES):
            tenant_id, other_zone = f"tenant{number}", ZONES[number - 2]
            closed = set(chance.sample(days, len(days) // 12))
            raw = Raw(connection, tenant_id).tenant(timezone=zone)
            tell_hours(raw, NIGHT, closed)
            tell_inbox(raw, 1, other_zone, {span.day_of_week: (span.opens, span.closes) for span in OFFICE})
            tell_inbox(raw, 2, other_zone, {})
            tell_inbox(raw, 3, "Nowhere/At_All", dict.fromkeys(range(7)))
            # past midnight as old rows of Chatwoot have it
            tell_inbox(raw, 4, zone, {FRIDAY: (22 * 60, 2 * 60), SATURDAY: (60, 9 * 60)})
            raw.conversation(1, None, created_at=BEGIN + timedelta(days=1))
            raw.publish(END)
            late = [*overnight(FRIDAY, 22 * 60, 2 * 60), Span(SATURDAY, 60, 9 * 60)]
            of_inbox = {0: (zone, NIGHT), 1: (other_zone, OFFICE), 2: (zone, []), 3: (zone, ALWAYS), 4: (zone, late)}
            for inbox_id, (timezone, spans) in of_inbox.items():
                clocks[tenant_id, inbox_id] = MinuteClock(timezone, spans, closed, BEGIN, END + timedelta(days=30))
        raw = Raw(connection, "silent").tenant(timezone=ZONES[0])
        raw.conversation(1, None, created_at=BEGIN)
        raw.publish(END)
        clocks["silent", 0] = MinuteClock(ZONES[0], ALWAYS, set(), BEGIN, END + timedelta(days=30))
    project.run("run", "--select", "int_opening_hours")
    return project, clocks


def test_ten_thousand_intervals_equal_a_count_of_minutes(
    calendars: tuple[Project, dict[tuple[str, int], MinuteClock]],
) -> None:
    project, clocks = calendars
    chance = random.Random(4)
    seconds = int((END - BEGIN).total_seconds())
    intervals: list[tuple[Any, ...]] = []
    for number in range(INTERVALS):
        tenant_id, inbox_id = chance.choice(list(clocks))
        begins = BEGIN + timedelta(seconds=chance.randrange(seconds))
        length = chance.choice([60, 3600, 86_400, 30 * 86_400, seconds])
        ends = min(begins + timedelta(seconds=chance.randrange(length + 1)), END)
        intervals.append((number, tenant_id, inbox_id, begins, ends, chance.choice([0, 60, 900, 36_000])))
    with psycopg.connect(project.url) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute(
            "create table public.intervals (number int, tenant_id text, inbox_id bigint, begins timestamptz,"
            " ends timestamptz, allowed bigint)"
        )
        with connection.cursor().copy("copy public.intervals from stdin") as copy:
            for interval in intervals:
                copy.write_row(interval)
        connection.commit()
        [node] = nodes_of(project.run("compile", "--inline", CLOCK))
        found = connection.execute(node.node.compiled_code.encode()).fetchall()
    assert len(found) == INTERVALS
    late = 0
    for interval, (_, open_seconds, due) in zip(intervals, found, strict=True):
        _, tenant_id, inbox_id, begins, ends, allowed = interval
        clock = clocks[tenant_id, inbox_id]
        assert open_seconds == clock.open_seconds(begins, ends), interval
        # due is the last instant at which no more than what is allowed has been open
        if due is None:
            assert inbox_id == 2, interval
        elif due < END:
            late += 1
            assert clock.open_seconds(begins, due) == allowed, (interval, due)
            assert clock.open_seconds(begins, due + timedelta(seconds=1)) == allowed + 1, (interval, due)
    assert late > INTERVALS / 2


def test_a_look_at_the_clock_reads_one_row_however_long_the_wait(
    calendars: tuple[Project, dict[tuple[str, int], MinuteClock]],
) -> None:
    project, _ = calendars
    query = (
        "select x.open_seconds from (select timestamptz '2020-05-01 12:00Z' as at) as i"
        " {{ open_seconds_until('i.at', quote ~ 'tenant0' ~ quote, '0') }} as x on true"
    )
    [node] = nodes_of(project.run("compile", "--inline", '{% set quote = "\'" %}' + query))
    with psycopg.connect(project.url) as connection:
        connection.execute("analyze intermediate.int_opening_hours")
        plan = connection.execute(("explain (analyze, format json) " + node.node.compiled_code).encode()).fetchone()
    assert plan is not None
    scans = [each for each in _nodes(plan[0][0]["Plan"]) if "Relation Name" in each]
    assert [(scan["Node Type"], scan["Actual Rows"]) for scan in scans] in (
        [("Index Scan", 1)],
        [("Index Scan Backward", 1)],
    ), scans


def test_a_change_of_hours_makes_a_calendar_again_in_seconds(
    calendars: tuple[Project, dict[tuple[str, int], MinuteClock]],
) -> None:
    """The planner expects a row where there are thousands: what it would do for each of them took a minute."""
    project, _ = calendars
    with psycopg.connect(project.url) as connection:
        connection.execute("analyze")
    again = ("run", "--select", "int_opening_hours")
    result = project.run(*again, FUNIL_DBT_REBUILD="1", PGOPTIONS="-c statement_timeout=10s")
    assert "int_opening_hours" in {node.node.name for node in nodes_of(result) if node.status == "success"}


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]
