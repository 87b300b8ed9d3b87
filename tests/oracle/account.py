"""dim_agents, dim_teams and dim_inboxes: who answers in Chatwoot, and where."""

from __future__ import annotations

import pandas as pd

from tests.oracle.facts import NOBODY, Facts

AGENTS = ["tenant_id", "agent_id", "agent_name", "agent_role", "is_removed"]
INBOXES = [
    *("tenant_id", "inbox_id", "inbox_name", "inbox_channel", "provider", "timezone", "has_working_hours"),
    *("has_csat_survey", "is_removed"),
]
# what Chatwoot calls a channel -> what the marts call it
CHANNELS = {
    "Channel::Api": "api",
    "Channel::Email": "email",
    "Channel::FacebookPage": "facebook_page",
    "Channel::Instagram": "instagram",
    "Channel::Telegram": "telegram",
    "Channel::TwilioSms": "twilio_sms",
    "Channel::WebWidget": "web_widget",
    "Channel::Whatsapp": "whatsapp",
}


def dim_agents(facts: Facts) -> pd.DataFrame:
    """One row per member of the account, and per person who is none but wrote, was given or resolved a talk, or was
    rated in one."""
    rows = [
        (facts.tenant_id, agent.agent_id, agent.name, agent.role, False)
        for agent in facts.agents.itertuples(index=False)
    ]
    seen = {*facts.moments["agent_id"], *facts.talks["agent_id"], *facts.csat["agent_id"]} - {None, NOBODY}
    rows += [
        (facts.tenant_id, agent_id, f"agent {agent_id}", None, True)
        for agent_id in seen - set(facts.agents["agent_id"])
    ]
    return pd.DataFrame(rows, columns=AGENTS, dtype=object)


def dim_teams(facts: Facts) -> pd.DataFrame:
    """One row per team that is listed, or that has a talk."""
    rows = [(facts.tenant_id, team.team_id, team.name, False) for team in facts.teams.itertuples(index=False)]
    rows += [
        (facts.tenant_id, team_id, f"team {team_id}", True)
        for team_id in set(facts.talks["team_id"]) - {None} - set(facts.teams["team_id"])
    ]
    return pd.DataFrame(rows, columns=["tenant_id", "team_id", "team_name", "is_removed"], dtype=object)


def dim_inboxes(facts: Facts) -> pd.DataFrame:
    """One row per inbox that is listed, or in which there is a talk."""
    rows = [
        (
            *(facts.tenant_id, inbox.inbox_id, inbox.name, CHANNELS[inbox.channel_type], inbox.provider),
            *(inbox.timezone, inbox.keeps_hours, inbox.asks_for_satisfaction, False),
        )
        for inbox in facts.inboxes.itertuples(index=False)
    ]
    rows += [
        (facts.tenant_id, inbox_id, f"inbox {inbox_id}", None, None, None, False, False, True)
        for inbox_id in set(facts.talks["inbox_id"]) - {None} - set(facts.inboxes["inbox_id"])
    ]
    return pd.DataFrame(rows, columns=INBOXES, dtype=object)
