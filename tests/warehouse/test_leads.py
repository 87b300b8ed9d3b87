"""Snapshots of leads hold what was known at a moment and nothing else; scores and models are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import psycopg
import pytest

from warehouse.analysis import StoredConversation
from warehouse.booking_states import note_booking_states
from warehouse.connect import connect
from warehouse.earlier_readings import update_earlier_readings
from warehouse.leads import read_outcomes, read_snapshots
from warehouse.model_versions import POOLED, ModelVersion, models_in_use, retire, store_version
from warehouse.replace_rows import Stored, replace_rows

AT = datetime(2026, 3, 10, 6, tzinfo=UTC)
# what dbt makes of the sources, as far as leads are read from it
MARTS = """
create table marts.fct_conversations (
    tenant_id text, conversation_id text, person_id text, source text default 'chatwoot', inbox_channel text, playbook text,
    chatwoot_conversation_id bigint, created_at timestamptz, customer_messages bigint default 0,
    human_replies bigint default 0, bot_replies bigint default 0, first_customer_message_at timestamptz,
    first_reply_at timestamptz, first_human_reply_at timestamptz, handed_off_at timestamptz,
    last_customer_message_at timestamptz, last_message_at timestamptz, last_resolved_at timestamptz
);
create table intermediate.int_conversation_events (
    tenant_id text, conversation_id text, event_type text, occurred_at timestamptz
);
create table marts.dim_contacts (
    tenant_id text, person_id text, first_contact_at timestamptz, last_customer_message_at timestamptz, leads bigint,
    customer_since timestamptz
);
create table marts.fct_leads (
    tenant_id text, lead_id text, person_id text, created_at timestamptz, channel text, campaign_id text,
    maturity_score double precision
);
create view staging.stg_bot__leads as select tenant_id, id as lead_id, converted_at from raw_bot.leads;
create view staging.stg_bot__procedure_bookings as
select tenant_id, id as booking_id, lead_id, booked_at, scheduled_for, status, updated_at from raw_bot.procedure_bookings;
"""
# of a talk's events, what its row in the mart says
SUMMED = """
update marts.fct_conversations as t
set customer_messages = e.customer_messages, human_replies = e.human_replies, bot_replies = e.bot_replies,
    first_customer_message_at = e.first_customer, first_reply_at = e.first_reply, first_human_reply_at = e.first_human,
    last_customer_message_at = e.last_customer, last_message_at = e.last_message, last_resolved_at = e.last_resolved
from (
    select tenant_id, conversation_id,
        count(*) filter (where event_type = 'customer_message') as customer_messages,
        count(*) filter (where event_type = 'human_reply') as human_replies,
        count(*) filter (where event_type = 'bot_reply') as bot_replies,
        min(occurred_at) filter (where event_type = 'customer_message') as first_customer,
        min(occurred_at) filter (where event_type in ('human_reply', 'bot_reply')) as first_reply,
        min(occurred_at) filter (where event_type = 'human_reply') as first_human,
        max(occurred_at) filter (where event_type = 'customer_message') as last_customer,
        max(occurred_at) filter (where event_type <> 'resolved') as last_message,
        max(occurred_at) filter (where event_type = 'resolved') as last_resolved
    from intermediate.int_conversation_events group by 1, 2
) as e
where e.tenant_id = t.tenant_id and e.conversation_id = t.conversation_id
"""
PEOPLE = """
insert into marts.dim_contacts
select tenant_id, person_id, min(created_at), max(last_customer_message_at), 0, null
from marts.fct_conversations group by 1, 2
"""


def hours(number: float) -> datetime:
    """So many hours before (or, below 0, after) the moment."""
    return AT - timedelta(hours=number)


@dataclass
class House:
    """A tenant's marts, told event by event."""

    connection: psycopg.Connection

    def talk(self, number: int, person: str, **events: Sequence[float]) -> None:
        """Each kind of event with the hours before the moment at which it happened."""
        id, begun = f"chatwoot-{number}", max(hour for kind in events.values() for hour in kind)
        self.connection.execute(
            "insert into marts.fct_conversations (tenant_id, conversation_id, chatwoot_conversation_id, person_id, created_at)"
            " values ('gym', %s, %s, %s, %s)",
            [id, number, person, hours(begun)],
        )
        with self.connection.cursor() as cursor:
            cursor.executemany(
                "insert into intermediate.int_conversation_events values ('gym', %s, %s, %s)",
                [(id, kind, hours(hour)) for kind, times in events.items() for hour in times],
            )

    def lead(self, person: str, *, created: float, maturity: float = 50, converted: float | None = None) -> str:
        id = f"lead-of-{person}"
        self.connection.execute(
            "insert into marts.fct_leads values ('gym', %s, %s, %s, 'google', null, %s)",
            [id, person, hours(created), maturity],
        )
        self.connection.execute(
            "insert into raw_bot.leads (tenant_id, id, status, created_at, updated_at, converted_at, _sync_id)"
            " values ('gym', %s, 'new', %s, %s, %s, 1)",
            [id, hours(created), hours(created), None if converted is None else hours(converted)],
        )
        return id

    def booking(self, lead: str, status: str, *, booked: float, due: float, updated: float) -> None:
        self.connection.execute(
            "insert into raw_bot.procedure_bookings (tenant_id, id, lead_id, status, booked_at, scheduled_for, updated_at,"
            " _sync_id) values ('gym', %s, %s, %s, %s, %s, %s, 1)",
            [f"{lead}-{booked}", lead, status, hours(booked), hours(due), hours(updated)],
        )
        note_booking_states(self.connection, "gym", 1, is_first=True)

    def settle(self, status: str, *, updated: float) -> None:
        """As a later sync finds every booking."""
        self.connection.execute(
            "update raw_bot.procedure_bookings set status = %s, updated_at = %s, _sync_id = 2", [status, hours(updated)]
        )
        note_booking_states(self.connection, "gym", 2, is_first=False)

    def read(self, at: datetime = AT) -> pd.DataFrame:
        self.connection.execute(SUMMED)
        self.connection.execute("truncate marts.dim_contacts")
        self.connection.execute(PEOPLE)
        self.connection.execute("update marts.dim_contacts set leads = 1")
        return read_snapshots(self.connection, "gym", [at]).set_index("person_id")


@pytest.fixture
def house(warehouse: str) -> Iterator[House]:
    with connect(warehouse, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        for statement in MARTS.split(";\n"):
            if statement.strip():
                connection.execute(statement.encode())
        yield House(connection)


def test_a_talk_counts_as_far_as_it_had_gone(house: House) -> None:
    house.talk(1, "ana", customer_message=[30, 28, -1], bot_reply=[29.9], human_reply=[27, -2], resolved=[-3])
    house.talk(2, "bia", customer_message=[-5])
    house.talk(3, "caio", customer_message=[50, 40], human_reply=[45], resolved=[39])
    found = house.read()
    assert list(found.index) == ["ana", "caio"]
    ana = found.loc["ana"]
    assert (ana.customer_messages, ana.human_replies, ana.bot_replies) == (2, 1, 1)
    assert ana.last_customer_message_at == pd.Timestamp(hours(28))
    assert (ana.last_writer, ana.is_resolved) == ("human", False)
    assert ana.first_reply_seconds == pytest.approx(360)
    assert ana.first_human_reply_seconds == pytest.approx(3 * 3600)
    caio = found.loc["caio"]
    assert (caio.customer_messages, caio.last_writer, caio.is_resolved) == (2, "customer", True)


def test_the_past_looks_the_same_however_much_happens_afterwards(house: House) -> None:
    lead = house.lead("ana", created=40, maturity=70)
    house.talk(1, "ana", customer_message=[40, 30], bot_reply=[39], human_reply=[29])
    house.booking(lead, "booked", booked=28, due=-48, updated=28)
    then = house.read()
    house.talk(2, "ana", customer_message=[-1, -2], human_reply=[-3])
    house.connection.execute(
        "insert into intermediate.int_conversation_events values ('gym', 'chatwoot-1', 'customer_message', %s),"
        " ('gym', 'chatwoot-1', 'resolved', %s)",
        [hours(-4), hours(-5)],
    )
    house.settle("attended", updated=-49)
    house.connection.execute("update raw_bot.leads set converted_at = %s", [hours(-49)])
    house.booking(lead, "booked", booked=-10, due=-80, updated=-10)
    pd.testing.assert_frame_equal(house.read(), then)
    later = house.read(AT + timedelta(hours=20))
    assert (later.loc["ana", "customer_messages"], later.loc["ana", "pending_bookings"]) == (5, 2)
    assert house.read(AT + timedelta(hours=60)).empty, "by then she is known as a customer"


def test_bookings_are_as_they_were_known(house: House) -> None:
    people = {
        "pending": ("attended", 20, -10, -12),
        "cancelled": ("cancelled", 20, -10, 5),
        "cancelled later": ("cancelled", 20, -10, -1),
        "missed": ("no_show", 60, 30, 29),
        "touched years later": ("no_show", 300, 250, -9000),
        "came": ("attended", 60, 30, 29),
        "came, touched years later": ("attended", 300, 250, -9000),
    }
    for number, (person, (status, booked, due, updated)) in enumerate(people.items(), 1):
        house.talk(number, person, customer_message=[booked + 1])
        house.booking(house.lead(person, created=booked + 1), status, booked=booked, due=due, updated=updated)
    found = house.read()
    assert {person: (row.pending_bookings, row.failed_bookings) for person, row in found.iterrows()} == {
        "pending": (1, 0),
        "cancelled": (0, 1),
        "cancelled later": (1, 0),
        "missed": (0, 1),
        "touched years later": (0, 1),
    }


def test_a_booking_settled_late_was_open_until_then(house: House) -> None:
    """Seen open by a sync, and settled a week after its date: no guess is needed, and none is made."""
    house.talk(1, "ana", customer_message=[300])
    house.booking(house.lead("ana", created=301), "booked", booked=299, due=150, updated=299)
    house.settle("no_show", updated=-18)
    house.settle("no_show", updated=-500)  # somebody corrects the price
    assert house.read().loc["ana", ["pending_bookings", "failed_bookings"]].tolist() == [1, 0]
    assert house.read(hours(-17)).loc["ana", ["pending_bookings", "failed_bookings"]].tolist() == [1, 0]
    assert house.read(hours(-19)).loc["ana", ["pending_bookings", "failed_bookings"]].tolist() == [0, 1]


def test_a_booking_that_is_moved_had_its_first_date_until_then(house: House) -> None:
    house.talk(1, "ana", customer_message=[30])
    house.booking(house.lead("ana", created=31), "booked", booked=29, due=-10, updated=29)
    house.connection.execute("update raw_bot.procedure_bookings set scheduled_for = %s", [hours(-90)])
    house.settle("booked", updated=-5)
    assert house.read().loc["ana", "next_booking_at"] == pd.Timestamp(hours(-10))
    assert house.read(hours(-6)).loc["ana", "next_booking_at"] == pd.Timestamp(hours(-90))


def test_open_is_who_wrote_within_ninety_days_and_is_no_customer(house: House) -> None:
    day = 24
    house.talk(1, "recent", customer_message=[89 * day])
    house.talk(2, "long ago", customer_message=[91 * day])
    house.talk(3, "never wrote", human_reply=[5])
    house.lead("known to the bot only", created=3)
    house.lead("of tomorrow", created=-3)
    house.talk(4, "customer", customer_message=[50])
    house.lead("customer", created=50, converted=1)
    house.connection.execute(
        "insert into marts.fct_conversations (tenant_id, conversation_id, person_id, created_at, last_customer_message_at)"
        " values ('other', 'chatwoot-1', 'somebody else', %s, %s)",
        [hours(5), hours(5)],
    )
    found = house.read()
    assert sorted(found.index) == ["known to the bot only", "recent"]
    assert found.loc["known to the bot only", "channel"] == "google"
    assert found.loc["recent", "channel"] == "(none)"


@dataclass
class Counting:
    """Reads how much a talk says."""

    engine: str = "counting"
    model: str | None = None
    prompt_version: str = "1"

    def analyze(self, batch: Sequence[Any]) -> list[Any]:
        return [Read(one) for one in batch]


class Read:
    def __init__(self, talk: StoredConversation) -> None:
        self.conversation_id, self.content_hash = talk.conversation_id, str(len(talk.messages))
        self.is_lead = self.visit_scheduled = len(talk.messages) > 2
        self.lead_probability = float(len(talk.messages))
        self.visit_at, self.intent, self.sentiment = None, f"said {len(talk.messages)}", "neutral"
        self.engine, self.prompt_version = "counting", "1"


def test_a_talk_that_went_on_is_read_as_it_stood(house: House, warehouse: str) -> None:
    house.talk(1, "ana", customer_message=[3, 2, -1])
    house.talk(2, "bia", customer_message=[3, 2])
    for number, times in ((1, [3, 2, -1]), (2, [3, 2])):
        for position, hour in enumerate(times):
            house.connection.execute(
                "insert into raw_chatwoot.messages (tenant_id, id, conversation_id, message_type, content, content_type,"
                " private, created_at, _sync_id) values ('gym', %s, %s, 'incoming', 'oi', 'text', false, %s, 1)",
                [number * 10 + position, number, hours(hour)],
            )
        house.connection.execute(
            "insert into analysis.conversation_analysis (tenant_id, conversation_id, is_lead, lead_probability,"
            " visit_scheduled, intent, engine, prompt_version, content_hash, _sync_id)"
            " values ('gym', %s, true, 5, true, 'all of it', 'counting', '1', 'x', 1)",
            [f"chatwoot-{number}"],
        )
    house.read()

    def read_earlier() -> int:
        return update_earlier_readings(warehouse, "gym", Counting(), lambda talk: talk, [AT])  # type: ignore[type-var]

    assert read_earlier() == 1
    assert read_earlier() == 0, "what has been read stays read"
    found = house.read()
    assert found["intent"].to_dict() == {"ana": "said 2", "bia": "all of it"}
    assert found["lead_probability"].to_dict() == {"ana": 2.0, "bia": 5.0}
    assert found["has_agreed_visit"].to_dict() == {"ana": False, "bia": True}


def test_outcomes_are_what_came_within_the_days(house: House) -> None:
    day = 24
    house.talk(1, "ana", customer_message=[5, -13 * day])
    house.talk(2, "bia", customer_message=[5, -15 * day])
    house.read()
    house.connection.execute(
        "update marts.dim_contacts set customer_since = %s where person_id = 'bia'", [hours(-29 * day)]
    )
    found = read_outcomes(house.connection, "gym", [AT], customer_days=30, silence_days=14).set_index("person_id")
    assert found["became_customer"].to_dict() == {"ana": False, "bia": True}
    assert found["next_message_at"].isna().to_dict() == {"ana": False, "bia": True}
    sooner = read_outcomes(house.connection, "gym", [AT], customer_days=28, silence_days=14)
    assert sooner["person_id"].tolist() == ["ana"]


def test_scores_of_leads_that_are_not_open_any_more_go(warehouse: str) -> None:
    def row(person: str, chance: float) -> dict[str, object]:
        return {
            "person_id": person,
            "scored_as_of": AT,
            "probability": chance,
            "reason_1": "aumenta: veio por google",
            "churn_risk": 0.5,
            "best_hour": 9,
            "method": "additive",
            "model_version": "pooled 1",
            "is_checked": True,
        }

    with connect(warehouse, autocommit=True) as connection:
        assert (
            replace_rows(connection, "gym", {"lead_scores": [row("ana", 0.2), row("bia", 0.3)]})["lead_scores"].written
            == 2
        )
        replace_rows(connection, "other", {"lead_scores": [row("ana", 0.9)]})
        stored = replace_rows(connection, "gym", {"lead_scores": [row("ana", 0.2), row("caio", 0.4)]})
        assert stored == {"lead_scores": Stored(written=1, deleted=1)}
        held = connection.execute(
            "select tenant_id, person_id, probability from ml.lead_scores order by 1, 2"
        ).fetchall()
    assert held == [("gym", "ana", 0.2), ("gym", "caio", 0.4), ("other", "ana", 0.9)]


def test_one_version_of_a_model_is_in_use(warehouse: str) -> None:
    def version(tenant_id: str, number: float) -> ModelVersion:
        return ModelVersion(
            tenant_id, "lead_conversion", "additive", "1", AT, AT, AT, AT, {"auc": number}, {"a": number}, "won"
        )

    with connect(warehouse, autocommit=True) as connection:
        assert store_version(connection, version(POOLED, 1), in_use=True) == 1
        assert store_version(connection, version("gym", 2), in_use=True) == 1
        assert store_version(connection, version(POOLED, 3), in_use=True) == 2
        assert store_version(connection, version(POOLED, 4), in_use=False) == 3
        found = models_in_use(connection, "lead_conversion", ["gym"])
        assert {slug: (one.version, one.parameters) for slug, one in found.items()} == {
            POOLED: (2, {"a": 3}),
            "gym": (1, {"a": 2}),
        }
        retire(connection, "gym", "lead_conversion")
        assert models_in_use(connection, "lead_conversion").keys() == {POOLED}
        assert found[POOLED].name == "pooled 2"
