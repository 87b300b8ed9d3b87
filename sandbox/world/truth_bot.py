"""The truth about what only the bot holds: bookings, campaigns, answers, what its model read."""

from __future__ import annotations

import pandas as pd

from sandbox.world.frames import frame
from sandbox.world.knowledge import Knowledge, text


def bookings(known: Knowledge) -> pd.DataFrame:
    rows = []
    for b in known.rows("procedure_bookings"):
        attended_at = (b.scheduled_for or b.booked_at) if b.status == "attended" else None
        lead = known.bot.leads[b.lead_id] if known.bot else None
        rows.append(
            (
                str(b.id),
                str(b.lead_id),
                known.people.of_lead(b.lead_id),
                b.procedure,
                b.value,
                b.currency,
                b.booked_at,
                b.scheduled_for,
                b.status,
                b.updated_at,
                known.channel(b.lead_id),
                text(lead.campaign_id) if lead else None,
                attended_at,
            )
        )
    return frame(
        rows,
        "booking_id lead_id person_id procedure value currency booked_at scheduled_for status updated_at channel "
        "campaign_id attended_at",
    )


def bot_tables(known: Knowledge) -> dict[str, pd.DataFrame]:
    channels = {c.id: c.channel for c in known.rows("marketing_campaigns")}
    return {
        "feedback": frame(
            (
                (
                    str(f.id),
                    known.bot_key(f.conversation_id),
                    str(f.conversation_id),
                    f.score,
                    f.nps_score,
                    f.comment,
                    f.created_at,
                )
                for f in known.rows("feedback")
            ),
            "feedback_id conversation_id bot_conversation_id score nps_score comment created_at",
        ),
        "campaigns": frame(
            ((str(c.id), c.name, c.channel, c.started_on, c.ended_on) for c in known.rows("marketing_campaigns")),
            "campaign_id name channel started_on ended_on",
        ),
        "campaign_costs": frame(
            (
                (
                    str(c.campaign_id),
                    c.cost_date,
                    c.cost,
                    c.currency,
                    c.impressions,
                    c.clicks,
                    channels[c.campaign_id],
                )
                for c in known.rows("campaign_costs")
            ),
            "campaign_id cost_date cost currency impressions clicks channel",
        ),
        "llm_interactions": frame(
            (
                (
                    str(i.id),
                    known.bot_key(i.conversation_id),
                    str(i.conversation_id),
                    i.intent,
                    i.confidence,
                    i.validated_intent,
                    i.model,
                    i.prompt_tokens,
                    i.completion_tokens,
                    i.latency_ms,
                    i.created_at,
                )
                for i in known.rows("llm_interactions")
            ),
            "id conversation_id bot_conversation_id intent confidence validated_intent model prompt_tokens "
            "completion_tokens latency_ms created_at",
        ),
        "lead_interactions": frame(
            (
                (str(i.id), str(i.lead_id), i.type, i.outcome, i.duration_seconds, text(i.agent_id), i.created_at)
                for i in known.rows("lead_interactions")
            ),
            "id lead_id type outcome duration_seconds interaction_agent_id created_at",
        ).rename(columns={"interaction_agent_id": "agent_id"}),
    }
