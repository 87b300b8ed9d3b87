"""What is older than a tenant's months goes, whole conversations at a time; what is younger, or belongs to it, stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg

from tests.warehouse.held import Held, load
from warehouse.privacy.footprint import CONDITIONS
from warehouse.privacy.retention import cutoff_of, remove_older

NOW = datetime(2028, 1, 31, 15, tzinfo=UTC)
# two years before, at midnight in Sao Paulo
CUTOFF = datetime(2026, 1, 31, 3, tzinfo=UTC)
BEFORE, AFTER = CUTOFF - timedelta(seconds=1), CUTOFF
# by the table of their rows: what is a person's or a conversation's, and stays
IDS = """
select 'contact ' || id from raw_chatwoot.contacts union all
select 'talk ' || id from raw_chatwoot.conversations union all
select 'lead ' || id from raw_bot.leads union all
select 'bot talk ' || id from raw_bot.conversations union all
select 'booking ' || id from raw_bot.procedure_bookings union all
select 'cost ' || cost_date from raw_bot.campaign_costs
"""


def remove(url: str) -> dict[str, int]:
    return dict(remove_older(url, "gym", timezone="America/Sao_Paulo", months=24, now=NOW).rows)


def ids(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {id for (id,) in connection.execute(IDS.encode())}


def test_two_years_ago_is_a_midnight_of_the_tenant() -> None:
    assert cutoff_of("America/Sao_Paulo", 24, NOW) == CUTOFF
    assert cutoff_of("America/Sao_Paulo", 2, datetime(2028, 4, 30, 12, tzinfo=UTC)).day == 29
    assert cutoff_of("Asia/Tokyo", 1, datetime(2027, 12, 31, 16, tzinfo=UTC)) == datetime(2027, 11, 30, 15, tzinfo=UTC)


def test_an_old_person_goes_whole_and_a_younger_one_stays_whole(warehouse: str) -> None:
    """They came on January 6 and on February 4; the cut is on January 31."""
    old, young = Held(1), Held(30)
    with psycopg.connect(warehouse) as connection:
        for person in (young, old):
            person.load(connection)
            person.analyse(connection)
    removed = remove(warehouse)
    assert removed == {table: count for table, count in rows_of(old).items() if count}
    with psycopg.connect(warehouse) as connection:
        left = {
            table: row[0]
            for table in CONDITIONS
            if (row := connection.execute(f"select count(*) from {table}".encode()).fetchone())
        }
        [entry] = connection.execute("select actor, action, subject, details from ops.audit_log").fetchall()
    assert left == rows_of(young)
    assert entry[:3] == ("retention", "retention", "older than 24 months")
    assert entry[3]["rows"] == removed
    assert remove(warehouse) == {}


def rows_of(person: Held) -> dict[str, int]:
    counts = {table: len(rows) for table, rows in person.rows()}
    return {table: counts.get(table, 1) for table in CONDITIONS}


def test_what_is_still_going_on_stays_whole(warehouse: str) -> None:
    with psycopg.connect(warehouse) as connection:
        for number, last in ((1, BEFORE), (2, AFTER)):
            born = {"id": number, "created_at": BEFORE - timedelta(days=900), "last_activity_at": last}
            load(connection, "raw_chatwoot.contacts", [{**born, "name": "x"}], "gym")
            load(connection, "raw_chatwoot.conversations", [{**born, "contact_id": number, "status": "open"}], "gym")
        lead = {"status": "new", "created_at": BEFORE, "updated_at": BEFORE}
        talk = {"status": "closed", "started_at": BEFORE, "updated_at": AFTER}
        booking = {"status": "attended", "booked_at": BEFORE, "updated_at": AFTER}
        load(connection, "raw_bot.leads", [lead | {"id": id} for id in ("quiet", "visits", "visited", "writes")], "gym")
        load(
            connection,
            "raw_bot.conversations",
            [
                # as old as what was said last in it
                talk | {"id": "written", "lead_id": "writes"},
                talk | {"id": "silent", "lead_id": "quiet"},
                # one talk with Chatwoot's that goes on
                talk | {"id": "linked", "lead_id": "quiet", "chatwoot_conversation_id": 2},
            ],
            "gym",
        )
        said = {"conversation_id": "written", "direction": "in", "sender": "lead", "created_at": AFTER}
        load(connection, "raw_bot.conversation_messages", [said | {"id": "1"}], "gym")
        load(
            connection,
            "raw_bot.procedure_bookings",
            [
                booking | {"id": "kept", "lead_id": "visits", "scheduled_for": AFTER},
                booking | {"id": "gone", "lead_id": "visited", "scheduled_for": BEFORE},
            ],
            "gym",
        )
        cost = {"campaign_id": "c", "cost": 1}
        days = [cost | {"cost_date": f"2026-01-{day}"} for day in (30, 31)]
        load(connection, "raw_bot.campaign_costs", days, "gym")
    remove(warehouse)
    assert ids(warehouse) == {
        *("contact 2", "talk 2", "bot talk written", "lead writes", "bot talk linked", "lead quiet"),
        *("booking kept", "lead visits", "cost 2026-01-31"),
    }
