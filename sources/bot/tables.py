"""What the bot's database must hold: tables or views, their columns, and how each is read again.

Three tables are required; a tenant without campaigns or bookings simply has none of those tables. Within a table, the
columns marked with `?` in the documentation are optional and land as null when missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class BotTable:
    """One table of the bot, as `raw_bot` wants it.

    `cursor` is the column whose values say how far we have read. `reread_days` is for tables whose rows change without
    any column saying so: everything younger than that is read again at each sync.
    """

    name: str
    required_columns: tuple[str, ...]
    optional_columns: tuple[str, ...]
    cursor: str
    timestamps: frozenset[str]
    dates: frozenset[str] = frozenset()
    key: tuple[str, ...] = ("id",)
    required: bool = False
    reread_days: int = 0

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return self.required_columns + self.optional_columns

    @property
    def target(self) -> str:
        return f"raw_bot.{self.name}"


def _table(
    name: str,
    required: str,
    optional: str = "",
    *,
    cursor: str,
    timestamps: str = "",
    dates: str = "",
    key: str = "id",
    is_required: bool = False,
    reread_days: int = 0,
) -> BotTable:
    return BotTable(
        name=name,
        required_columns=tuple(required.split()),
        optional_columns=tuple(optional.split()),
        cursor=cursor,
        timestamps=frozenset(timestamps.split()),
        dates=frozenset(dates.split()),
        key=tuple(key.split()),
        required=is_required,
        reread_days=reread_days,
    )


# In the order in which they are read; all of one sync come from one snapshot of the source, so none depends on another.
TABLES: Sequence[BotTable] = (
    _table(
        "marketing_campaigns",
        "id name channel updated_at",
        "started_on ended_on",
        cursor="updated_at",
        timestamps="updated_at",
        dates="started_on ended_on",
    ),
    _table(
        "campaign_costs",
        "campaign_id cost_date cost currency",
        "impressions clicks",
        cursor="cost_date",
        dates="cost_date",
        key="campaign_id cost_date",
        reread_days=90,
    ),
    _table(
        "leads",
        "id status created_at updated_at",
        "phone name email source_channel campaign_id maturity_score assigned_to converted_at",
        cursor="updated_at",
        timestamps="created_at updated_at converted_at",
        is_required=True,
    ),
    _table(
        "conversations",
        "id lead_id status started_at updated_at",
        "chatwoot_conversation_id ended_at resolved_by handoff_at handoff_reason playbook",
        cursor="updated_at",
        timestamps="started_at updated_at ended_at handoff_at",
        is_required=True,
    ),
    _table(
        "conversation_messages",
        "id conversation_id direction sender content created_at",
        cursor="created_at",
        timestamps="created_at",
        is_required=True,
    ),
    # `validated_intent` is filled in by a person some days later, and nothing announces it
    _table(
        "llm_interactions",
        "id conversation_id intent confidence model prompt_tokens completion_tokens latency_ms created_at",
        "validated_intent",
        cursor="created_at",
        timestamps="created_at",
        reread_days=30,
    ),
    # a call's outcome and duration are known only when it ends
    _table(
        "lead_interactions",
        "id lead_id type outcome created_at",
        "duration_seconds agent_id",
        cursor="created_at",
        timestamps="created_at",
        reread_days=30,
    ),
    _table(
        "feedback",
        "id conversation_id created_at",
        "score nps_score comment",
        cursor="created_at",
        timestamps="created_at",
        reread_days=90,
    ),
    _table(
        "procedure_bookings",
        "id lead_id booked_at status updated_at",
        "procedure value currency scheduled_for",
        cursor="updated_at",
        timestamps="booked_at scheduled_for updated_at",
    ),
)
