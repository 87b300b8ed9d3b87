"""dim_campaigns and fct_campaign_costs: what was advertised where, and what it cost."""

from __future__ import annotations

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.people import NO_CHANNEL

CAMPAIGNS = ["tenant_id", "campaign_id", "campaign_name", "channel", "started_on", "ended_on", "is_listed"]
COSTS = ["tenant_id", "campaign_id", "cost_date", "channel", "currency", "cost", "impressions", "clicks"]


def dim_campaigns(facts: Facts) -> pd.DataFrame:
    """One row per campaign that is listed, or that a lead or a cost names."""
    rows = [
        (
            *(facts.tenant_id, campaign.campaign_id, campaign.name, (campaign.channel or "").strip() or NO_CHANNEL),
            *(campaign.started_on, campaign.ended_on, True),
        )
        for campaign in facts.campaigns.itertuples(index=False)
    ]
    named = {*facts.leads["campaign_id"], *facts.campaign_costs["campaign_id"]} - {None}
    rows += [
        (facts.tenant_id, campaign_id, None, NO_CHANNEL, None, None, False)
        for campaign_id in named - set(facts.campaigns["campaign_id"])
    ]
    return pd.DataFrame(rows, columns=CAMPAIGNS, dtype=object)


def fct_campaign_costs(facts: Facts) -> pd.DataFrame:
    """One row per campaign and day."""
    channels = {campaign.campaign_id: campaign.channel for campaign in dim_campaigns(facts).itertuples(index=False)}
    rows = [
        (
            *(facts.tenant_id, cost.campaign_id, cost.cost_date, channels[cost.campaign_id]),
            *(cost.currency or facts.currency, cost.cost, cost.impressions, cost.clicks),
        )
        for cost in facts.campaign_costs.itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=COSTS, dtype=object)
