"""Random histories of a tenant's raw rows: everything that can happen to them between two builds, in any order."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from tests.dbt.raw import NINE, Raw

T = TypeVar("T")

TALKS, CONTACTS, LEADS, BOT_TALKS, AGENTS = 9, 7, 6, 7, 3
PHONES = ["+5511900000001", "+5511900000002", "+5511900000003", "+5511900000004"]
ACTIVITIES = [
    "Conversa foi marcada como resolvida por Ana",
    "Conversa foi reaberta por Ana",
    "Conversation was marked as pending by Ana",
    "La conversación fue pospuesta por Ana",
    "Ana atribuiu a si mesma essa conversa",
]
REPORTS = [
    "conversation_resolved",
    "conversation_opened",
    "conversation_bot_handoff",
    "conversation_bot_resolved",
    "first_response",
    "reply_time",
]


def talk_of(number: int) -> int:
    """A message, a report or an answer belongs to one conversation for ever."""
    return number % TALKS + 1


class History:
    """One tenant's history. The same seed makes the same changes in whatever database it is told to."""

    def __init__(self, seed: int) -> None:
        self.tenant_id = f"history{seed}"
        self.random = random.Random(seed)
        self.clock = NINE + timedelta(days=20)
        self.messages = 0
        self.reports_known: set[int] = set()
        self.sync_id = 0

    def begin(self, raw: Raw) -> None:
        raw.tenant(first_response=1800, next_response=900, resolution=86_400)
        for _ in range(60):
            self.anything(raw)

    def tick(self, raw: Raw) -> None:
        """Some changes, often none, and the source's clock moves."""
        for _ in range(self.random.choice([0, 1, 1, 2, 3, 5, 12])):
            self.anything(raw)
        self.clock += timedelta(minutes=self.random.choice([5, 5, 60, 60, 720, 720, 14_400]))

    def anything(self, raw: Raw) -> None:
        changes: list[tuple[int, Callable[[Raw], None]]] = [
            (30, self.message),
            (14, self.conversation),
            (10, self.report),
            (8, self.bot_message),
            (7, self.bot_conversation),
            (6, self.lead),
            (6, self.contact),
            (5, self.booking),
            (4, self.analysis),
            (4, self.delete),
            (3, self.merge),
            (3, self.survey),
            (3, self.feedback),
            (3, self.llm_interaction),
            (1, self.rejection),
            (1, self.failed_sync),
            (2, self.campaign),
            (2, self.cost),
            (2, self.directory),
            (2, self.applied_sla),
            (1, self.settings),
            (1, self.opening_hours),
            (1, self.policies),
        ]
        weights = [weight for weight, _ in changes]
        self.random.choices([change for _, change in changes], weights)[0](raw)

    # what can happen

    def at(self, *, finer: bool = False) -> datetime:
        """Any moment of the past, late rows included; within few hours of others, so that things meet."""
        moment = NINE + timedelta(days=self.random.choice([0, 0, 1, 5, 19]), seconds=self.random.randrange(0, 9000, 30))
        return moment + timedelta(microseconds=self.random.randrange(1_000_000)) if finer else moment

    def maybe(self, value: T, share: float = 0.5) -> T | None:
        return value if self.random.random() < share else None

    def conversation(self, raw: Raw) -> None:
        created_at = NINE + timedelta(days=self.random.choice([0, 1, 5]), seconds=self.random.randrange(0, 600, 30))
        raw.conversation(
            self.random.randint(1, TALKS),
            self.maybe(self.random.randint(1, CONTACTS), 0.95),
            inbox_id=self.random.choice([1, 1, 2]),
            status=self.random.choice(["open", "open", "resolved", "pending", "snoozed"]),
            created_at=created_at,
            first_reply_created_at=self.maybe(created_at + timedelta(seconds=self.random.randrange(0, 3600, 30)), 0.7),
            assignee_id=self.maybe(self.random.randint(1, AGENTS)),
            assignee_bot_id=self.maybe(1, 0.1),
            team_id=self.maybe(1, 0.3),
            priority=self.maybe("urgent", 0.3),
            labels=self.random.sample(["preco", "agenda"], self.random.randrange(3)),
        )

    def message(self, raw: Raw) -> None:
        kinds = ["customer"] * 6 + ["human"] * 4 + ["bot"] * 3 + ["activity"] * 3 + ["echo", "note", "template", "rule"]
        kind = self.random.choice(kinds)
        again = self.messages and self.random.random() < 0.15
        if not again:
            self.messages += 1
        message_id = self.random.randint(1, self.messages) if again else self.messages
        details: dict[str, object] = {}
        if kind == "activity":
            details["content"] = self.random.choice(ACTIVITIES)
            if self.random.random() < 0.5:
                status = self.random.choice(["open", "resolved", "pending", "snoozed"])
                details["content_attributes"] = {"activity": {"type": "conversation_status_changed", "status": status}}
        if kind in ("customer", "human", "bot"):
            details["status"] = self.random.choice(["sent", "sent", "read", "failed"])
            details["extra"] = self.random.choice([{}] * 9 + [{"additional_attributes": {"campaign_id": 3}}])
        if kind == "human":
            details["sender_id"] = self.random.randint(1, AGENTS + 1)
            details["sender_type"] = self.random.choice(["user", "user", "user", None])
        raw.message(message_id, talk_of(message_id), self.at(), kind, **details)

    def report(self, raw: Raw) -> None:
        event_id = self.random.randint(1, 40)
        if self.random.random() < 0.9:  # once learned, it stays known
            self.reports_known.add(event_id)
        raw.report(
            event_id,
            talk_of(event_id) if event_id in self.reports_known else None,
            self.random.choice(REPORTS),
            self.at(finer=True),
            user_id=self.maybe(self.random.randint(1, AGENTS)),
            value=self.random.randrange(5000),
        )

    def contact(self, raw: Raw) -> None:
        name = self.random.choice([None, "Ana Lima", "Rui", "123"])
        raw.contact(
            self.random.randint(1, CONTACTS),
            self.maybe(self.random.choice(PHONES)),
            name,
            email=self.maybe("ana@example.com", 0.3),
            blocked=self.random.random() < 0.1,
        )

    def lead(self, raw: Raw) -> None:
        created_at = self.at(finer=True)
        raw.lead(
            str(self.random.randint(1, LEADS)),
            self.maybe(self.random.choice(PHONES)),
            source_channel=self.random.choice([None, "google", "unknown", ""]),
            campaign_id=self.maybe(str(self.random.randint(1, 3))),
            status=self.random.choice(["new", "engaged", "qualified", "scheduled", "converted", "lost"]),
            maturity_score=self.maybe(self.random.choice([0, 59, 60, 100]), 0.8),
            created_at=created_at,
            converted_at=self.maybe(created_at + timedelta(days=self.random.choice([-1, 0, 3])), 0.3),
        )

    def bot_conversation(self, raw: Raw) -> None:
        started_at = self.at(finer=True)
        closed = self.random.random() < 0.5
        raw.bot_conversation(
            str(self.random.randint(1, BOT_TALKS)),
            str(self.random.randint(1, LEADS)),
            self.maybe(self.random.randint(1, TALKS + 1), 0.6),
            started_at=started_at,
            status="closed" if closed else "open",
            ended_at=self.maybe(started_at + timedelta(hours=2), 0.9) if closed else None,
            resolved_by=self.random.choice(["bot", "human", None]),
            handoff_at=self.maybe(started_at + timedelta(minutes=7), 0.4),
            handoff_reason=self.maybe("price"),
            playbook=self.maybe("welcome"),
        )

    def bot_message(self, raw: Raw) -> None:
        sender = self.random.choice(["lead", "lead", "bot", "bot", "human"])
        message_id = self.random.randint(1, 60)
        raw.bot_message(str(message_id), str(message_id % (BOT_TALKS + 2)), self.at(finer=True), sender)

    def booking(self, raw: Raw) -> None:
        booked_at = self.at(finer=True)
        raw.booking(
            str(self.random.randint(1, 8)),
            str(self.random.randint(1, LEADS + 1)),
            status=self.random.choice(["booked", "attended", "attended", "no_show", "cancelled"]),
            value=self.maybe(Decimal("100.10"), 0.8),
            currency=self.random.choice([None, "BRL", "USD"]),
            booked_at=booked_at,
            scheduled_for=self.maybe(booked_at + timedelta(days=2), 0.7),
            procedure=self.random.choice([None, "trial class", "evaluation"]),
        )

    def analysis(self, raw: Raw) -> None:
        side, most = self.random.choice([("chatwoot", TALKS), ("bot", BOT_TALKS)])
        raw.analysis(
            f"{side}-{self.random.randint(1, most)}",
            is_lead=self.random.random() < 0.4,
            visit=self.random.random() < 0.2,
            visit_at=self.maybe(self.at(), 0.2),
            lead_probability=self.random.choice([0, 2.9, 3, 5]),
            intent=self.maybe("price"),
            sentiment=self.maybe("negative"),
            handoff_reason=self.maybe("price", 0.3),
        )

    def merge(self, raw: Raw) -> None:
        """Two contacts become one: the conversations move, one contact is gone."""
        kept, gone = self.random.sample(range(1, CONTACTS + 1), 2)
        raw.change("raw_chatwoot.conversations", {"contact_id": gone}, contact_id=kept)
        raw.delete("raw_chatwoot.contacts", id=gone)

    def delete(self, raw: Raw) -> None:
        tables = {
            "raw_chatwoot.conversations": self.random.randint(1, TALKS),
            "raw_chatwoot.messages": self.random.randint(1, max(self.messages, 1)),
            "raw_chatwoot.reporting_events": self.random.randint(1, 40),
            "raw_chatwoot.contacts": self.random.randint(1, CONTACTS),
            "raw_chatwoot.csat_survey_responses": self.random.randint(1, 6),
            "raw_chatwoot.inboxes": self.random.randint(1, 2),
            "raw_chatwoot.agents": self.random.randint(1, AGENTS),
            "raw_chatwoot.applied_slas": self.random.randint(1, 8),
            "raw_bot.leads": str(self.random.randint(1, LEADS)),
            "raw_bot.conversations": str(self.random.randint(1, BOT_TALKS)),
            "raw_bot.conversation_messages": str(self.random.randint(1, 60)),
            "raw_bot.procedure_bookings": str(self.random.randint(1, 8)),
            "raw_bot.feedback": str(self.random.randint(1, 6)),
            "raw_bot.llm_interactions": str(self.random.randint(1, 9)),
            "raw_bot.marketing_campaigns": str(self.random.randint(1, 3)),
        }
        table = self.random.choice(list(tables))
        raw.delete(table, id=tables[table])
        if table == "raw_bot.marketing_campaigns" and self.random.random() < 0.5:
            raw.delete("raw_bot.campaign_costs", campaign_id=tables[table])

    def survey(self, raw: Raw) -> None:
        response_id = self.random.randint(1, 6)
        message_id = response_id + TALKS * self.random.randrange(4)
        if self.random.random() < 0.7:
            raw.message(message_id, talk_of(message_id), self.at(), "template", content_type="input_csat")
        raw.put(
            "raw_chatwoot.csat_survey_responses",
            id=response_id,
            conversation_id=talk_of(response_id),
            message_id=self.maybe(message_id, 0.9),
            assigned_agent_id=self.maybe(self.random.randint(1, AGENTS)),
            rating=self.random.randint(1, 5),
            feedback_message=self.maybe("good"),
            created_at=self.at(),
        )

    def feedback(self, raw: Raw) -> None:
        raw.put(
            "raw_bot.feedback",
            id=str(self.random.randint(1, 6)),
            conversation_id=str(self.random.randint(1, BOT_TALKS + 1)),
            score=self.maybe(self.random.randint(1, 5)),
            nps_score=self.maybe(self.random.randint(0, 10)),
            created_at=self.at(finer=True),
        )

    def llm_interaction(self, raw: Raw) -> None:
        raw.put(
            "raw_bot.llm_interactions",
            id=str(self.random.randint(1, 9)),
            conversation_id=str(self.random.randint(1, BOT_TALKS + 1)),
            intent=self.maybe(self.random.choice(["price", "visit"]), 0.9),
            validated_intent=self.maybe(self.random.choice(["price", "visit"])),
            confidence=self.maybe(self.random.random(), 0.9),
            model=self.random.choice(["gpt-4o-mini", "gpt-4o-mini-2024-07-18", "own", None]),
            prompt_tokens=self.maybe(self.random.randrange(2000), 0.9),
            completion_tokens=self.maybe(self.random.randrange(200), 0.9),
            latency_ms=self.maybe(self.random.randrange(3000), 0.9),
            created_at=self.at(finer=True),
        )

    def rejection(self, raw: Raw) -> None:
        """A row the warehouse would not take, which is no change of any table; or it was taken after all."""
        row = {"source": "bot", "resource": "leads", "row_key": str(self.random.randint(1, 3))}
        if self.random.random() < 0.7:
            raw.put("ops.rejected_rows", **row, reason="no number", first_seen_at=self.at())
        else:
            raw.connection.execute(
                "delete from ops.rejected_rows where tenant_id = %s and row_key = %s", [raw.tenant_id, row["row_key"]]
            )

    def failed_sync(self, raw: Raw) -> None:
        """Of which no row came, and with it no change of any table."""
        at = self.at()
        raw.connection.execute(
            "insert into ops.sync_runs (tenant_id, sync_id, source, mode, status, started_at, finished_at, error)"
            " values (%s, -%s, 'chatwoot', 'incremental', 'failed', %s, %s, 'refused') on conflict do nothing",
            [raw.tenant_id, self.random.randint(1, 99), at, at],
        )

    def campaign(self, raw: Raw) -> None:
        raw.put(
            "raw_bot.marketing_campaigns",
            id=str(self.random.randint(1, 3)),
            name=self.random.choice(["campaign", "summer"]),
            channel=self.random.choice(["google", "instagram"]),
            started_on=self.maybe(date(2026, 2, 1)),
            ended_on=self.maybe(date(2026, 3, 31)),
            updated_at=NINE,
        )

    def cost(self, raw: Raw) -> None:
        raw.put(
            "raw_bot.campaign_costs",
            campaign_id=str(self.random.randint(1, 4)),
            cost_date=date(2026, self.random.choice([2, 3]), self.random.randint(1, 28)),
            cost=self.random.choice([Decimal(0), Decimal("12.34")]),
            currency=self.random.choice([None, "USD"]),
            impressions=self.maybe(self.random.randrange(900)),
            clicks=self.maybe(self.random.randrange(9)),
        )

    def directory(self, raw: Raw) -> None:
        if self.random.random() < 0.5:
            raw.put(
                "raw_chatwoot.agents",
                id=self.random.randint(1, AGENTS),
                name=self.random.choice(["Ana", "Bia"]),
                role=self.random.choice(["agent", "administrator"]),
            )
        else:
            raw.put(
                "raw_chatwoot.inboxes",
                id=self.random.randint(1, 2),
                name=self.random.choice(["inbox", "door"]),
                channel_type=self.random.choice(["Channel::Api", "Channel::Whatsapp"]),
                provider=self.maybe("whatsapp_cloud"),
                csat_survey_enabled=self.random.random() < 0.5,
                timezone="America/Bahia",
                working_hours_enabled=True,
            )

    def settings(self, raw: Raw) -> None:
        """Another time zone, currency, vertical or cost. Any change of settings shows in the tenant's own row."""
        raw.tenant(
            timezone=self.random.choice(["America/Sao_Paulo", "America/Manaus", "Europe/Lisbon"]),
            currency=self.random.choice(["BRL", "EUR"]),
            vertical=self.random.choice(["gym", "gym", "clinic"]),
            owner_cost_per_month=self.random.choice([0, 1000]),
            is_active=self.random.random() < 0.9,
        )

    def policies(self, raw: Raw) -> None:
        """A threshold ends at some moment, and mostly another one begins, for all or for an inbox or a priority."""
        self.settings(raw)
        metric = self.random.choice(["first_response", "next_response", "resolution"])
        whom = self.random.choice([(0, ""), (0, ""), (1, ""), (0, "urgent"), (2, "urgent")])
        moment = self.at()
        raw.connection.execute(
            "update config.sla_policies set valid_to = %s where tenant_id = %s and metric = %s and inbox_id = %s"
            " and priority = %s and valid_to is null and valid_from < %s",
            [moment, raw.tenant_id, metric, *whom, moment],
        )
        if self.random.random() < 0.8:
            business = self.random.random() < 0.5
            seconds = self.random.choice([60, 600, 3600, 172_800])
            raw.policy(metric, seconds, moment, inbox_id=whom[0], priority=whom[1], business_hours_only=business)

    def opening_hours(self, raw: Raw) -> None:
        """Of the tenant, of an inbox, or a day on which everybody is closed."""
        day = self.random.randrange(7)
        opens, closes = sorted(self.random.sample(range(24), 2))
        which = self.random.random()
        if which < 0.3:
            self.settings(raw)
            raw.connection.execute(
                "delete from config.business_hours where tenant_id = %s and day_of_week = %s", [raw.tenant_id, day]
            )
            raw.put(
                "config.business_hours",
                day_of_week=day,
                opens_at=f"{opens:02}:00",
                closes_at=f"{closes:02}:00",
                began_day_before=False,
            )
        elif which < 0.4:
            self.settings(raw)
            raw.put("config.closed_days", closed_on=self.at().date(), reason="holiday")
        elif which < 0.6:
            inbox_id = self.random.randint(1, 2)
            raw.change(
                "raw_chatwoot.inboxes",
                {"id": inbox_id},
                working_hours_enabled=self.random.random() < 0.7,
                timezone=self.random.choice(["UTC", "Asia/Tokyo"]),
            )
        else:
            raw.put(
                "raw_chatwoot.working_hours",
                inbox_id=self.random.randint(1, 2),
                day_of_week=day,
                closed_all_day=self.random.random() < 0.2,
                open_all_day=self.random.random() < 0.2,
                open_hour=opens,
                close_hour=closes,
            )

    def applied_sla(self, raw: Raw) -> None:
        policy_id = self.random.randint(1, 2)
        if self.random.random() < 0.3:
            raw.put(
                "raw_chatwoot.sla_policies",
                id=policy_id,
                name="policy",
                first_response_seconds=self.random.choice([None, 300, 3600]),
                next_response_seconds=self.random.choice([None, 300]),
                resolution_seconds=self.random.choice([None, 86_400]),
                only_during_business_hours=self.random.choice([None, False, True]),
            )
        else:
            sla_id = self.random.randint(1, 8)
            raw.put(
                "raw_chatwoot.applied_slas",
                id=sla_id,
                conversation_id=talk_of(sla_id),
                sla_policy_id=policy_id,
                sla_status="active",
                created_at=self.at(),
            )


class BookingLeavesAGoneLead(History):
    """A booking of a lead that the source no longer lists, but a talk still names, turns out to be another's."""

    def begin(self, raw: Raw) -> None:
        raw.tenant()
        raw.lead("gone")
        raw.lead("other")
        raw.bot_conversation("1", "gone")
        raw.booking("1", "gone", status="attended", value=Decimal(100))
        raw.delete("raw_bot.leads", id="gone")

    def tick(self, raw: Raw) -> None:
        raw.booking("1", "other", status="attended", value=Decimal(100))
