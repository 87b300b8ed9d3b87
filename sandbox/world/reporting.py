"""Chatwoot's reporting events: durations between truncated seconds, with the attribution its listener uses."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.world.opening import OpeningHours
from sandbox.world.records import Account, Conversation, Message, ReportingEvent

HANDOFF, OPENED, BOT_RESOLVED, RESOLVED = (
    "conversation_bot_handoff",
    "conversation_opened",
    "conversation_bot_resolved",
    "conversation_resolved",
)


def whole_seconds(at: datetime) -> datetime:
    return at.replace(microsecond=0)


class ReportingEvents:
    """Writes the account's reporting events and remembers them by conversation."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._of: dict[int, list[ReportingEvent]] = {}
        self._hours: dict[int, OpeningHours] = {}

    def of(self, conversation_id: int) -> list[ReportingEvent]:
        return self._of.get(conversation_id, [])

    def forget(self, conversation_id: int) -> None:
        for event in self._of.pop(conversation_id, []):
            del self.account.reporting_events[event.id]

    def first_response(self, conversation: Conversation, message: Message) -> None:
        start = self._last_non_human_activity(conversation)
        self._write(conversation, "first_response", start, message.created_at, message.sender_id)

    def reply_time(self, conversation: Conversation, waiting_since: datetime, message: Message) -> None:
        self._write(conversation, "reply_time", waiting_since, message.created_at, conversation.assignee_id)

    def resolved(self, conversation: Conversation, bot_alone: bool) -> None:
        """Every transition to resolved; with a copy for the bot where no user has written."""
        for name in (RESOLVED, BOT_RESOLVED) if bot_alone else (RESOLVED,):
            self._write(conversation, name, conversation.created_at, self.account.now, conversation.assignee_id)

    def opened(self, conversation: Conversation) -> None:
        """From the last resolution where there is one; otherwise of value 0, said to start at creation."""
        now = self.account.now
        last = next((e for e in reversed(self.of(conversation.id)) if e.name == RESOLVED), None)
        if last is not None:
            self._write(conversation, OPENED, last.event_end_time, now, conversation.assignee_id)
        else:
            event = self._write(conversation, OPENED, now, now, conversation.assignee_id)
            event.event_start_time = conversation.created_at

    def handed_off(self, conversation: Conversation) -> bool:
        """Once per conversation; whether it was written."""
        if any(event.name == HANDOFF for event in self.of(conversation.id)):
            return False
        self._write(conversation, HANDOFF, conversation.created_at, self.account.now, conversation.assignee_id)
        return True

    def _last_non_human_activity(self, conversation: Conversation) -> datetime:
        events = self.of(conversation.id)
        opened = [e.event_end_time for e in events if e.name in (HANDOFF, OPENED)]
        if opened:
            return max(opened)
        resolved = [e.event_end_time for e in events if e.name == BOT_RESOLVED]
        return max(resolved) if resolved else conversation.created_at

    def _write(
        self, conversation: Conversation, name: str, start: datetime, end: datetime, user_id: int | None
    ) -> ReportingEvent:
        account = self.account
        event_id = account.sequences["reporting_events"] = account.sequences.get("reporting_events", 0) + 1
        start_second, end_second = whole_seconds(start), whole_seconds(end)
        # the listener runs in a background job: its row appears a moment after what it tells of
        written = end + timedelta(microseconds=40_000 + (event_id * 7919) % 700_000)
        event = ReportingEvent(
            id=event_id,
            name=name,
            value=(end_second - start_second).total_seconds(),
            value_in_business_hours=self._business_seconds(conversation.inbox_id, start_second, end_second),
            inbox_id=conversation.inbox_id,
            conversation_id=conversation.id,
            user_id=user_id,
            event_start_time=start,
            event_end_time=end,
            created_at=written,
            updated_at=written,
        )
        account.reporting_events[event_id] = event
        self._of.setdefault(conversation.id, []).append(event)
        return event

    def _business_seconds(self, inbox_id: int, start: datetime, end: datetime) -> float:
        inbox = self.account.inboxes[inbox_id]
        if not inbox.working_hours_enabled:
            return 0.0
        hours = self._hours.get(inbox_id)
        if hours is None:
            hours = OpeningHours(inbox.timezone, inbox.working_hours, all_day_ends_early=True)
            self._hours[inbox_id] = hours
        return hours.open_seconds(start, end)
