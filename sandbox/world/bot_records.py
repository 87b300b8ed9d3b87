"""The rows of a pretend bot's database: the tables of the contract, whose times are aware UTC datetimes.

Ids are integers for one bot and UUIDs (as text) for another; `BotData.next_id` gives them out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

BotId = int | str


@dataclass(slots=True)
class Lead:
    id: BotId
    status: Literal["new", "engaged", "qualified", "scheduled", "converted", "lost"]
    created_at: datetime
    updated_at: datetime
    phone: str | None = None
    name: str | None = None
    email: str | None = None
    source_channel: str | None = None
    campaign_id: BotId | None = None
    maturity_score: int | None = None
    assigned_to: str | None = None
    converted_at: datetime | None = None


@dataclass(slots=True)
class BotConversation:
    """`chatwoot_conversation_id` is the display id of the same talk in Chatwoot."""

    id: BotId
    lead_id: BotId
    status: Literal["open", "closed"]
    started_at: datetime
    updated_at: datetime
    chatwoot_conversation_id: int | None = None
    ended_at: datetime | None = None
    resolved_by: Literal["bot", "human"] | None = None
    handoff_at: datetime | None = None
    handoff_reason: str | None = None
    playbook: str | None = None


@dataclass(slots=True)
class BotMessage:
    id: BotId
    conversation_id: BotId
    direction: Literal["in", "out"]
    sender: Literal["lead", "bot", "human"]
    content: str | None
    created_at: datetime


@dataclass(slots=True)
class LlmInteraction:
    id: BotId
    conversation_id: BotId
    intent: str
    confidence: float
    validated_intent: str | None
    model: str
    prompt_tokens: int
    completion_tokens: int
    latency_ms: int
    created_at: datetime


@dataclass(slots=True)
class LeadInteraction:
    id: BotId
    lead_id: BotId
    type: str
    outcome: str
    duration_seconds: int | None
    agent_id: str | None
    created_at: datetime


@dataclass(slots=True)
class Feedback:
    id: BotId
    conversation_id: BotId
    score: int | None
    nps_score: int | None
    comment: str | None
    created_at: datetime


@dataclass(slots=True)
class MarketingCampaign:
    id: BotId
    name: str
    channel: str
    started_on: date | None
    ended_on: date | None
    updated_at: datetime


@dataclass(slots=True)
class CampaignCost:
    campaign_id: BotId
    cost_date: date
    cost: Decimal
    currency: str
    impressions: int | None
    clicks: int | None


@dataclass(slots=True)
class Booking:
    id: BotId
    lead_id: BotId
    procedure: str | None
    value: Decimal | None
    currency: str | None
    booked_at: datetime
    scheduled_for: datetime | None
    status: Literal["booked", "attended", "no_show", "cancelled"]
    updated_at: datetime


TABLES: dict[str, type] = {
    "leads": Lead,
    "conversations": BotConversation,
    "conversation_messages": BotMessage,
    "llm_interactions": LlmInteraction,
    "lead_interactions": LeadInteraction,
    "feedback": Feedback,
    "marketing_campaigns": MarketingCampaign,
    "campaign_costs": CampaignCost,
    "procedure_bookings": Booking,
}
"""Every table, parents first."""


@dataclass
class BotData:
    """All rows by table and key (`campaign_costs`: campaign and date), and which changed since the history's end."""

    seed: int
    id_type: Literal["integer", "uuid"] = "integer"
    rows: dict[str, dict[Any, Any]] = field(default_factory=lambda: {table: {} for table in TABLES})
    changed: dict[tuple[str, Any], None] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)

    def next_id(self, table: str) -> BotId:
        number = self.sequences[table] = self.sequences.get(table, 0) + 1
        if self.id_type == "integer":
            return number
        # looks drawn at random, yet is the same each time: a multiplication scatters the numbers
        mixed = (self.seed + ord(table[0]) * 2**40 + len(table) * 2**48 + number) * 0x9E3779B97F4A7C15F39CC0605CEDC835
        text = f"{mixed % 2**128:032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def put(self, table: str, row: Any) -> None:
        """Add a row, or say that it changed."""
        key = (row.campaign_id, row.cost_date) if table == "campaign_costs" else row.id
        self.rows[table][key] = row
        self.changed[table, key] = None

    @property
    def leads(self) -> dict[BotId, Lead]:
        return self.rows["leads"]

    @property
    def conversations(self) -> dict[BotId, BotConversation]:
        return self.rows["conversations"]

    @property
    def bookings(self) -> dict[BotId, Booking]:
        return self.rows["procedure_bookings"]
