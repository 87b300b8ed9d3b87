"""Applied SLAs and their events, with the due times Chatwoot computes when it is asked."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.server.times import epoch, epoch_or_none
from sandbox.world.records import Account, AppliedSla, Conversation, Inbox, SlaEvent, SlaPolicy, WorkingHour

LOOK_AHEAD = timedelta(days=366)


def applied_sla(account: Account, applied: AppliedSla, conversation: Conversation) -> dict[str, Any]:
    policy = account.sla_policies.get(applied.sla_policy_id) or SlaPolicy(applied.sla_policy_id, "")
    shown: dict[str, Any] = {
        "id": applied.id,
        "sla_id": applied.sla_policy_id,
        "sla_status": applied.sla_status,
        "created_at": epoch(applied.created_at),
        "updated_at": epoch(applied.updated_at),
        "sla_description": policy.description,
        "sla_name": policy.name,
        "sla_first_response_time_threshold": policy.first_response_time_threshold,
        "sla_next_response_time_threshold": policy.next_response_time_threshold,
        "sla_resolution_time_threshold": policy.resolution_time_threshold,
        "sla_only_during_business_hours": policy.only_during_business_hours,
    }
    if account.version >= (4, 16, 0):
        inbox = account.inboxes.get(conversation.inbox_id)
        for name, start, threshold in (
            ("sla_frt_due_at", conversation.created_at, policy.first_response_time_threshold),
            ("sla_nrt_due_at", conversation.waiting_since, policy.next_response_time_threshold),
            ("sla_rt_due_at", conversation.created_at, policy.resolution_time_threshold),
        ):
            shown[name] = epoch_or_none(due_at(start, threshold, policy.only_during_business_hours, inbox))
    return shown


def sla_event(event: SlaEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "event_type": event.event_type,
        "meta": event.meta,
        "created_at": epoch(event.created_at),
        "updated_at": epoch(event.updated_at),
    }


def due_at(
    start: datetime | None, threshold: float | None, business_hours: bool, inbox: Inbox | None
) -> datetime | None:
    if start is None or threshold is None:
        return None
    measured = timedelta(seconds=threshold)
    opens = inbox is not None and inbox.working_hours_enabled and any(not h.closed_all_day for h in inbox.working_hours)
    if not business_hours or inbox is None or not opens:
        return start + measured
    zone = ZoneInfo(inbox.timezone)
    hours = {h.day_of_week: h for h in inbox.working_hours}
    day = start.astimezone(zone).date()
    last = day + LOOK_AHEAD
    while day < last:
        shift = _shift(hours.get((day.weekday() + 1) % 7))
        if shift is not None:
            opened = max(datetime.combine(day, shift[0], zone).astimezone(UTC), start)
            closing_day = day + timedelta(days=1) if shift[1] is None else day
            closed = datetime.combine(closing_day, shift[1] or time(), zone).astimezone(UTC)
            if closed > opened:
                if measured <= closed - opened:
                    return opened + measured
                measured -= closed - opened
        day += timedelta(days=1)
    return None


def _shift(hours: WorkingHour | None) -> tuple[time, time | None] | None:
    """Opening and closing time; a close of None is the midnight that ends the day."""
    if hours is None or hours.closed_all_day:
        return None
    if hours.open_all_day:
        return time(), None
    return time(hours.open_hour or 0, hours.open_minutes or 0), time(hours.close_hour or 0, hours.close_minutes or 0)
