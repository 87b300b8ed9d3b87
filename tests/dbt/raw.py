"""Raw rows written by hand, as the loader would leave them: each write takes the tenant's present sync id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

# a Monday, 09:00 in Sao Paulo
NINE = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

KEYS: Mapping[str, Sequence[str]] = {
    "config.tenants": (),
    "config.sla_policies": ("metric", "inbox_id", "priority", "valid_from"),
    "config.business_hours": ("day_of_week", "opens_at"),
    "config.closed_days": ("closed_on",),
    "raw_chatwoot.working_hours": ("inbox_id", "day_of_week"),
    "raw_bot.campaign_costs": ("campaign_id", "cost_date"),
    "analysis.conversation_analysis": ("conversation_id",),
    "ml.lead_scores": ("person_id",),
    "ml.demand_forecasts": ("series", "grain", "starts_at"),
    "ml.staffing_hours": ("starts_at", "skill"),
    "ml.staffing_plans": ("starts_on",),
    "ml.staffing_shifts": ("person", "starts_at"),
    "ml.forecast_backtests": ("series", "grain", "model"),
    "ml.anomalies": ("anomaly_id",),
    "ml.budget_allocations": ("channel",),
    "ml.customer_values": ("segment",),
    "ml.price_responses": ("procedure",),
    "ml.revenue_forecasts": ("month",),
    "ops.rejected_rows": ("source", "resource", "row_key"),
}


def after(seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> datetime:
    """An instant that long after nine o'clock of that Monday."""
    return NINE + timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)


@dataclass
class Raw:
    """One tenant's rows."""

    connection: psycopg.Connection
    tenant_id: str
    sync_id: int = 1

    def put(self, table: str, **columns: Any) -> None:
        """Inserts the row, or makes the one with its key like it."""
        keys = ["tenant_id", *KEYS.get(table, ("id",))]
        row = {"tenant_id": self.tenant_id, **columns, "_sync_id": self.sync_id}
        if table.startswith("raw_"):
            row.setdefault("_deleted_at", None)
        names = [sql.Identifier(name) for name in row]
        changes = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in row if name not in keys]
        statement = sql.SQL("insert into {} ({}) values ({}) on conflict ({}) do update set {}").format(
            sql.Identifier(*table.split(".")),
            sql.SQL(", ").join(names),
            sql.SQL(", ").join([sql.Placeholder()] * len(names)),
            sql.SQL(", ").join(map(sql.Identifier, keys)),
            sql.SQL(", ").join(changes),
        )
        values = [Jsonb(value) if isinstance(value, dict) else value for value in row.values()]
        self.connection.execute(statement, values)

    def change(self, table: str, where: Mapping[str, Any], **columns: Any) -> int:
        """Changes columns of the rows that have these values; returns how many there are."""
        given = {**columns, "_sync_id": self.sync_id}
        changes = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in given]
        conditions = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in ("tenant_id", *where)]
        statement = sql.SQL("update {} set {} where {}").format(
            sql.Identifier(*table.split(".")), sql.SQL(", ").join(changes), sql.SQL(" and ").join(conditions)
        )
        values = [Jsonb(value) if isinstance(value, dict) else value for value in given.values()]
        return self.connection.execute(statement, [*values, self.tenant_id, *where.values()]).rowcount

    def delete(self, table: str, **where: Any) -> int:
        """Marks rows as gone at the source."""
        return self.change(table, where, _deleted_at=NINE)

    def publish(self, clock: datetime | None = None, source: str = "chatwoot") -> None:
        """Ends the tenant's sync: its rows are there, and the source's clock stood so."""
        if clock is not None:
            self.connection.execute(
                "insert into ops.sync_runs (tenant_id, sync_id, source, mode, status, started_at, finished_at, source_clock)"
                " values (%s, %s, %s, 'incremental', 'succeeded', %s, %s, %s) on conflict (tenant_id, sync_id)"
                " do update set source_clock = excluded.source_clock",
                [self.tenant_id, self.sync_id, source, clock, clock, clock],
            )
        self.connection.execute(
            "insert into ops.sync_counters (tenant_id, last_sync_id) values (%s, %s)"
            " on conflict (tenant_id) do update set last_sync_id = excluded.last_sync_id",
            [self.tenant_id, self.sync_id],
        )

    # what is found in every story

    def tenant(
        self,
        *,
        timezone: str = "America/Sao_Paulo",
        currency: str = "BRL",
        vertical: str = "gym",
        owner_cost_per_month: int = 0,
        is_active: bool = True,
        **thresholds: int,
    ) -> Raw:
        """The tenant's settings; thresholds in seconds by metric."""
        self.put(
            "config.tenants",
            name=self.tenant_id,
            vertical=vertical,
            timezone=timezone,
            locale="pt-BR",
            currency=currency,
            country="BR",
            holidays="public",
            owner_cost_per_month=owner_cost_per_month,
            has_chatwoot=True,
            has_bot=True,
            analyzer_engine="regex",
            is_active=is_active,
        )
        for metric, seconds in thresholds.items():
            self.policy(metric, seconds)
        return self

    def policy(self, metric: str, seconds: int, valid_from: datetime | None = None, **columns: Any) -> None:
        """A threshold, in force since ever or from an instant on."""
        row: dict[str, Any] = {"inbox_id": 0, "priority": "", "business_hours_only": False, **columns}
        begins = "-infinity" if valid_from is None else valid_from
        self.put("config.sla_policies", metric=metric, threshold_seconds=seconds, valid_from=begins, **row)

    def contact(self, contact_id: int, phone: str | None = None, name: str | None = None, **columns: Any) -> None:
        self.put("raw_chatwoot.contacts", id=contact_id, phone_e164=phone, name=name, **columns)

    def conversation(self, conversation_id: int, contact_id: int | None = 1, **columns: Any) -> None:
        row = {"inbox_id": 1, "status": "open", "created_at": NINE, "channel": "Channel::Whatsapp", **columns}
        self.put("raw_chatwoot.conversations", id=conversation_id, contact_id=contact_id, **row)

    def message(self, message_id: int, conversation_id: int, at: datetime, kind: str, **columns: Any) -> None:
        """kind: customer, human, bot, echo, note, template, rule, activity."""
        row: dict[str, Any] = {"private": kind == "note", "content": "...", "content_type": "text", **columns}
        row["message_type"] = {"customer": "incoming", "template": "template", "activity": "activity"}.get(
            kind, "outgoing"
        )
        sender = {"customer": ("contact", 1), "human": ("user", 1), "note": ("user", 1), "bot": ("agent_bot", 1)}
        row.setdefault("sender_type", sender.get(kind, (None, None))[0])
        row.setdefault("sender_id", sender.get(kind, (None, None))[1])
        attributes = {"rule": {"automation_rule_id": 7}, "echo": {"external_echo": True}}
        row.setdefault("content_attributes", attributes.get(kind, {}))
        self.put("raw_chatwoot.messages", id=message_id, conversation_id=conversation_id, created_at=at, **row)

    def report(self, event_id: int, conversation_id: int | None, name: str, end: datetime, **columns: Any) -> None:
        row = {"value": 0, "event_start_time": end, "created_at": end, **columns}
        self.put(
            "raw_chatwoot.reporting_events",
            id=event_id,
            conversation_id=conversation_id,
            name=name,
            event_end_time=end,
            **row,
        )

    def lead(self, lead_id: str, phone: str | None = None, **columns: Any) -> None:
        row = {"status": "new", "created_at": NINE, "updated_at": NINE, **columns}
        self.put("raw_bot.leads", id=lead_id, phone_e164=phone, **row)

    def bot_conversation(
        self, conversation_id: str, lead_id: str, linked_to: int | None = None, **columns: Any
    ) -> None:
        row = {"status": "open", "started_at": NINE, "updated_at": NINE, **columns}
        self.put(
            "raw_bot.conversations",
            id=conversation_id,
            lead_id=lead_id,
            chatwoot_conversation_id=linked_to,
            **row,
        )

    def bot_message(self, message_id: str, conversation_id: str, at: datetime, sender: str) -> None:
        """sender: lead, bot or human."""
        direction = "in" if sender == "lead" else "out"
        self.put(
            "raw_bot.conversation_messages",
            id=message_id,
            conversation_id=conversation_id,
            direction=direction,
            sender=sender,
            content="...",
            created_at=at,
        )

    def booking(self, booking_id: str, lead_id: str, **columns: Any) -> None:
        row = {"status": "booked", "booked_at": NINE, "updated_at": NINE, **columns}
        self.put("raw_bot.procedure_bookings", id=booking_id, lead_id=lead_id, **row)

    def analysis(self, conversation_id: str, *, is_lead: bool = False, visit: bool = False, **columns: Any) -> None:
        row = {"lead_probability": 5 if is_lead else 0, "engine": "regex", "prompt_version": "1", "content_hash": "-"}
        row.update(columns)
        self.put(
            "analysis.conversation_analysis",
            conversation_id=conversation_id,
            is_lead=is_lead,
            visit_scheduled=visit,
            **row,
        )
