"""Names: an asset's key is its place in the warehouse, its group says whose it is."""

from __future__ import annotations

from enum import StrEnum

import dagster as dg

OWNER = "team:funil"
ANALYSIS = dg.AssetKey(["analysis", "conversation_analysis"])
READING_MODELS = dg.AssetKey(["analysis", "reading_models"])
FORECASTS = dg.AssetKey(["ml", "demand_forecasts"])
BACKTESTS = dg.AssetKey(["ml", "forecast_backtests"])
ANOMALIES = dg.AssetKey(["ml", "anomalies"])
MODEL_VERSIONS = dg.AssetKey(["ml", "model_versions"])
LEAD_SCORES = dg.AssetKey(["ml", "lead_scores"])
REVENUE_FORECASTS = dg.AssetKey(["ml", "revenue_forecasts"])
BUDGET_ALLOCATIONS = dg.AssetKey(["ml", "budget_allocations"])
CUSTOMER_VALUES = dg.AssetKey(["ml", "customer_values"])
PRICE_RESPONSES = dg.AssetKey(["ml", "price_responses"])
STAFFING_PLANS = dg.AssetKey(["ml", "staffing_plans"])
STAFFING_HOURS = dg.AssetKey(["ml", "staffing_hours"])
STAFFING_SHIFTS = dg.AssetKey(["ml", "staffing_shifts"])
STAFFING = (STAFFING_PLANS, STAFFING_HOURS, STAFFING_SHIFTS)
DEMAND = (FORECASTS, BACKTESTS, ANOMALIES, *STAFFING)
"""What the demand step makes."""
SCORES = (LEAD_SCORES, REVENUE_FORECASTS, BUDGET_ALLOCATIONS, CUSTOMER_VALUES, PRICE_RESPONSES)
TICK = dg.AssetKey(["ops", "tick"])
FRESHNESS = dg.AssetKey(["marts", "tenant_freshness"])
DATA_QUALITY = dg.AssetKey(["marts", "data_quality_daily"])

CHATWOOT_TABLES = {
    "conversations": "Conversations, one row per display id, as the last sync saw them.",
    "messages": "Every message of every conversation, activities and private notes included.",
    "contacts": "Contacts, also the anonymous ones, with their phone in E.164.",
    "inboxes": "Inboxes and their channel; secrets of the channel are never stored.",
    "working_hours": "Each inbox's opening hours by weekday.",
    "agents": "The account's users.",
    "teams": "Teams of agents.",
    "team_members": "Which agent is in which team.",
    "inbox_members": "Which agent answers in which inbox.",
    "labels": "The account's labels.",
    "csat_survey_responses": "Answers to satisfaction surveys, 1 to 5.",
    "reporting_events": "Chatwoot's own measurements, where the edition has them.",
    "sla_policies": "Chatwoot's SLA policies, where the edition has them.",
    "applied_slas": "Which SLA policy applied to which conversation, and how it went.",
    "sla_events": "The moments at which an SLA of Chatwoot was missed.",
}
BOT_TABLES = {
    "leads": "The bot's leads, with their phone in E.164.",
    "conversations": "The bot's conversations, hand-offs included.",
    "conversation_messages": "What was written in them.",
    "llm_interactions": "The intents the bot's model saw, and their validation.",
    "lead_interactions": "Calls and other contacts with a lead.",
    "feedback": "NPS and satisfaction answers.",
    "marketing_campaigns": "Campaigns and their channel.",
    "campaign_costs": "What a campaign cost on a day.",
    "procedure_bookings": "Bookings, attended or not, and their value.",
}


class Step(StrEnum):
    """What one tick does to one tenant, in this order."""

    SYNC_CHATWOOT = "sync_chatwoot"
    SYNC_BOT = "sync_bot"
    ANALYZE = "analyze"
    TRANSFORM = "transform"
    PREDICT = "predict"
    SCORE = "score"


def raw_key(source: str, table: str) -> dg.AssetKey:
    """`raw_chatwoot/conversations`."""
    return dg.AssetKey([f"raw_{source}", table])
