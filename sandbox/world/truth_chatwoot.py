"""Chatwoot's own accounts of itself: reporting events, SLAs, and the lists of who and what there is."""

from __future__ import annotations

import pandas as pd

from sandbox.world.frames import frame
from sandbox.world.knowledge import Knowledge
from sandbox.world.records import WorkingHour


def _minutes(day: WorkingHour) -> tuple[int | None, int | None]:
    """From and to which minute of the local day it is open; None and None where it is closed."""
    if day.closed_all_day:
        return None, None
    if day.open_all_day:
        return 0, 1440
    opens = (day.open_hour or 0) * 60 + (day.open_minutes or 0)
    return opens, (day.close_hour or 0) * 60 + (day.close_minutes or 0)


def chatwoot_tables(known: Knowledge) -> dict[str, pd.DataFrame]:
    account = known.account
    users = [(u, False) for u in account.users.values()] + [(u, True) for u in account.former_users.values()]
    return {
        "reporting_events": frame(
            (
                (
                    e.id,
                    known.key(e.conversation_id),
                    e.name,
                    e.value,
                    e.value_in_business_hours,
                    e.user_id,
                    e.event_start_time,
                    e.event_end_time,
                    e.created_at,
                )
                for e in account.reporting_events.values()
            ),
            "id conversation_id name value value_in_business_hours user_id event_start_time event_end_time created_at",
        ).astype({"value": "float64", "value_in_business_hours": "float64"}),
        "agents": frame(
            ((u.id, u.name, u.email, u.role, removed) for u, removed in users), "user_id name email role removed"
        ),
        "inboxes": frame(
            (
                (
                    *(i.id, i.name, i.channel_type, i.provider, i.timezone, i.working_hours_enabled),
                    *(i.csat_survey_enabled, i.agent_bot_id is not None),
                )
                for i in account.inboxes.values()
            ),
            "inbox_id name channel_type provider timezone working_hours_enabled csat_survey_enabled has_bot",
        ),
        "working_hours": frame(
            (
                (i.id, i.timezone, day.day_of_week, *_minutes(day))
                for i in account.inboxes.values()
                if i.working_hours_enabled
                for day in i.working_hours
            ),
            "inbox_id timezone day_of_week opens closes",
        ),
        "teams": frame(((t.id, t.name) for t in account.teams.values()), "team_id name"),
        "labels": frame(((label.id, label.title) for label in account.labels.values()), "label_id title"),
        "applied_slas": frame(
            (
                (
                    a.id,
                    known.key(a.conversation_id),
                    a.sla_policy_id,
                    a.sla_status,
                    a.created_at,
                    policy.first_response_time_threshold,
                    policy.next_response_time_threshold,
                    policy.resolution_time_threshold,
                    policy.only_during_business_hours,
                    account.contacts[account.conversations[a.conversation_id].contact_id].blocked,
                )
                for a in account.applied_slas.values()
                for policy in [account.sla_policies[a.sla_policy_id]]
            ),
            "id conversation_id sla_policy_id status applied_at first_response next_response resolution "
            "business_hours_only contact_blocked",
        ),
        "sla_events": frame(
            (
                (e.id, e.applied_sla_id, known.key(e.conversation_id), e.event_type, e.created_at)
                for e in account.sla_events.values()
            ),
            "id applied_sla_id conversation_id event_type created_at",
        ),
    }
