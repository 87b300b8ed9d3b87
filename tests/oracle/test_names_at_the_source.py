"""The oracle's own reading of what a source names without listing it, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.oracle.account import dim_agents, dim_inboxes
from tests.oracle.build import NINE, facts_of, rows_of, talk
from tests.oracle.campaigns import dim_campaigns, fct_campaign_costs


def test_a_campaign_that_is_only_named_is_there_without_a_name_or_a_channel() -> None:
    day = date(2026, 3, 2)
    facts = facts_of(
        campaigns=[{"campaign_id": "1", "name": "Verão", "channel": " google "}, {"campaign_id": "2", "channel": " "}],
        leads=[{"lead_id": "7", "campaign_id": campaign, "created_at": NINE} for campaign in ("1", "3", None)],
        campaign_costs=[
            {"campaign_id": "1", "cost_date": day, "cost": Decimal("35.50")},
            {"campaign_id": "4", "cost_date": day, "cost": Decimal(8), "currency": "USD"},
        ],
    )
    assert sorted(rows_of(dim_campaigns(facts), "campaign_id", "channel", "is_listed")) == [
        ("1", "google", True),
        ("2", "(none)", True),
        ("3", "(none)", False),
        ("4", "(none)", False),
    ]
    assert rows_of(fct_campaign_costs(facts), "campaign_id", "channel", "currency", "cost") == [
        ("1", "google", "BRL", Decimal("35.50")),
        ("4", "(none)", "USD", Decimal(8)),
    ]


def test_who_left_lives_on_in_what_they_wrote_and_were_given() -> None:
    row, moments = talk([(5, "human"), (9, "human"), (12, "customer")])
    wrote = [moment | {"agent_id": agent_id} for moment, agent_id in zip(moments, (2, 1, None), strict=True)]
    facts = facts_of(
        (dict(row) | {"agent_id": 3}, wrote),
        agents=[{"agent_id": 1, "name": "Bia Reis", "role": "agent"}],
        csat=[{"response_id": 1, "agent_id": 4}],
    )
    assert sorted(rows_of(dim_agents(facts), "agent_id", "agent_name", "is_removed")) == [
        (1, "Bia Reis", False),
        (2, "agent 2", True),
        (3, "agent 3", True),
        (4, "agent 4", True),
    ]


def test_an_inbox_that_is_gone_lives_on_in_its_talks() -> None:
    listed = {"inbox_id": 1, "name": "Site", "channel_type": "Channel::WebWidget", "keeps_hours": True}
    facts = facts_of(
        talk([], inbox_id=1),
        talk([], talk_id="chatwoot-2", inbox_id=5),
        talk([], talk_id="bot-1", inbox_id=None),
        inboxes=[listed],
    )
    assert rows_of(
        dim_inboxes(facts), "inbox_id", "inbox_name", "inbox_channel", "has_working_hours", "is_removed"
    ) == [
        (1, "Site", "web_widget", True, False),
        (5, "inbox 5", None, False, True),
    ]
