"""People of whom every table holds something: what an erasure, an export and a retention are tried on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from warehouse.booking_states import note_booking_states
from warehouse.load import LoadResult, load_rows

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
NAMES = ("Joaquim Quintanilha", "Berenice Sepúlveda", "Otacílio Brandão", "Iracema Vasconcelos", "Dorival Peçanha")


@dataclass(frozen=True)
class Held:
    """One person; everything of theirs is numbered after them."""

    number: int
    tenant_id: str = "gym"

    @property
    def name(self) -> str:
        return f"{NAMES[self.number % len(NAMES)]} {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[self.number % 26] * 3}"

    @property
    def phone(self) -> str:
        return f"+55119{87650000 + self.number}"

    @property
    def phone_without_ninth(self) -> str:
        return f"(11) {self.phone[6:10]}-{self.phone[10:]}"

    @property
    def email(self) -> str:
        return f"pessoa{self.number}@exemplo.com.br"

    def text(self, number: int) -> str:
        return f"segredo numero {number} de quem tem o numero {self.number}"

    @property
    def secrets(self) -> list[str]:
        """What must not be found of them anywhere."""
        digits = self.phone[1:]
        return [
            digits,
            digits[2:],
            digits[:4] + digits[5:],
            digits[2:4] + digits[5:],
            self.phone_without_ninth,
            self.email,
            self.name,
            f"de quem tem o numero {self.number}",
        ]

    def rows(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Their rows of every table that sources write, in the order of a sync."""
        n, at = self.number, START + timedelta(days=self.number)
        bot = {"conversation_id": f"b{n}", "created_at": at}
        yield (
            "raw_chatwoot.csat_survey_responses",
            [
                {
                    "id": n,
                    "conversation_id": n,
                    "contact_id": n,
                    "rating": 4,
                    "feedback_message": self.text(0),
                    "created_at": at,
                }
            ],
        )
        yield (
            "raw_chatwoot.contacts",
            [
                {
                    "id": n,
                    "name": self.name,
                    "email": self.email,
                    "phone_number": self.phone,
                    "phone_e164": self.phone,
                    "identifier": f"crm-{n}",
                    "created_at": at,
                    "custom_attributes": {"note": self.text(1), "wa_id": self.phone[1:5] + self.phone[6:]},
                }
            ],
        )
        talk = {"id": n, "contact_id": n, "inbox_id": 1, "status": "open", "db_id": 1000 + n, "created_at": at}
        yield "raw_chatwoot.conversations", [talk | {"last_activity_at": at + timedelta(hours=1)}]
        message = {"conversation_id": n, "message_type": "incoming", "private": False, "created_at": at}
        yield (
            "raw_chatwoot.messages",
            [message | {"id": 10 * n + i, "content": self.text(i)} for i in range(3)],
        )
        event = {"id": n, "name": "first_response", "conversation_db_id": 1000 + n, "conversation_id": n}
        yield "raw_chatwoot.reporting_events", [event | {"created_at": at}]
        yield "raw_chatwoot.applied_slas", [{"id": n, "conversation_id": n, "sla_status": "hit", "created_at": at}]
        yield (
            "raw_chatwoot.sla_events",
            [{"id": n, "applied_sla_id": n, "conversation_id": n, "event_type": "frt", "created_at": at}],
        )
        lead = {"id": f"l{n}", "phone": self.phone_without_ninth, "phone_e164": self.phone, "name": self.name}
        yield (
            "raw_bot.leads",
            [lead | {"email": self.email.upper(), "status": "new", "created_at": at, "updated_at": at}],
        )
        bot_talk = {"id": f"b{n}", "lead_id": f"l{n}", "chatwoot_conversation_id": n, "status": "closed"}
        yield "raw_bot.conversations", [bot_talk | {"started_at": at, "updated_at": at}]
        said = bot | {"direction": "in", "sender": "lead"}
        yield "raw_bot.conversation_messages", [said | {"id": f"m{n}-{i}", "content": self.text(i)} for i in range(2)]
        yield "raw_bot.llm_interactions", [bot | {"id": f"i{n}", "intent": "price"}]
        yield (
            "raw_bot.lead_interactions",
            [{"id": f"x{n}", "lead_id": f"l{n}", "type": "call", "outcome": self.text(5), "created_at": at}],
        )
        yield "raw_bot.feedback", [bot | {"id": f"f{n}", "score": 5, "comment": self.text(6)}]
        booking = {"id": f"p{n}", "lead_id": f"l{n}", "procedure": "x", "status": "booked"}
        yield "raw_bot.procedure_bookings", [booking | {"booked_at": at, "updated_at": at}]

    def load(self, connection: psycopg.Connection, sync_id: int = 1) -> LoadResult:
        """As syncs do."""
        result = LoadResult()
        for table, rows in self.rows():
            result += load(connection, table, rows, self.tenant_id, sync_id)
        note_booking_states(connection, self.tenant_id, sync_id, is_first=True)
        return result

    def analyse(self, connection: psycopg.Connection) -> LoadResult:
        """What analyzers and models keep of them."""
        known = {
            "is_lead": True,
            "lead_probability": 4.0,
            "visit_scheduled": False,
            "engine": "regex",
            "prompt_version": "1",
            "content_hash": "x",
        }
        talk = f"chatwoot-{self.number}"
        said = {"contact_name": self.name, "reasoning": self.text(7), "suggested_reply": self.text(8)}
        result = load(
            connection, "analysis.conversation_analysis", [known | said | {"conversation_id": talk}], self.tenant_id
        )
        _insert(connection, "analysis.earlier_readings", self, conversation_id=talk, read_as_of=START, **known)
        label = {
            "labelled_by": "ana",
            "content_hash": "x",
            "is_lead": True,
            "visit_scheduled": False,
            "intent": "price",
        }
        _insert(
            connection,
            "analysis.labels",
            self,
            conversation_id=talk,
            sentiment="neutral",
            contact_name=self.name,
            **label,
        )
        _insert(connection, "analysis.due_again", self, conversation_id=talk, reason="few_new_messages", due_at=START)
        score = {"probability": 0.5, "churn_risk": 0.1, "method": "additive", "model_version": "1", "is_checked": True}
        _insert(
            connection,
            "ml.lead_scores",
            self,
            person_id=f"contact-{self.number}",
            scored_as_of=START,
            _sync_id=1,
            **score,
        )
        return result

    def be_refused(self, connection: psycopg.Connection) -> None:
        """A row of theirs that PostgreSQL does not take, with a reason that quotes it."""
        lead = {"id": f"l{self.number}", "phone": self.phone_without_ninth, "name": self.name, "status": self.text(9)}
        load(connection, "raw_bot.leads", [lead | {"created_at": START, "updated_at": START}], self.tenant_id)


def load(
    connection: psycopg.Connection, table: str, rows: Sequence[dict[str, Any]], tenant_id: str, sync_id: int = 1
) -> LoadResult:
    source = table.partition(".")[0].removeprefix("raw_")
    return load_rows(
        connection,
        table,
        rows,
        tenant_id=tenant_id,
        sync_id=sync_id,
        source=source,
        resource=table.partition(".")[2],
    )


def _insert(connection: psycopg.Connection, table: str, person: Held, **row: Any) -> None:
    values = {"tenant_id": person.tenant_id, **row}
    connection.execute(
        sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(*table.split(".")),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join([sql.Placeholder()] * len(values)),
        ),
        [Jsonb(value) if isinstance(value, dict) else value for value in values.values()],
    )
