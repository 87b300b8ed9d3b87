"""Chatwoot's own SLA evaluation (enterprise): when each threshold is due, and what the five-minute job writes."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from sandbox.world.opening import OpeningHours
from sandbox.world.records import Account, AppliedSla, Conversation, SlaEvent

TICK = timedelta(minutes=5)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DueTimes(NamedTuple):
    first_response: datetime | None
    next_response: datetime | None
    resolution: datetime | None


def due_times(account: Account, conversation: Conversation, hours: dict[int, OpeningHours] | None = None) -> DueTimes:
    """When each threshold of the conversation's policy is due; None where there is none (or nobody waits).

    `hours` remembers the inboxes' opening hours from call to call.
    """
    policy = account.sla_policies.get(conversation.sla_policy_id or 0)
    if policy is None:
        return DueTimes(None, None, None)
    inbox = account.inboxes[conversation.inbox_id]
    opening: OpeningHours | None = None
    if policy.only_during_business_hours and inbox.working_hours_enabled and account.version >= (4, 16, 0):
        known = {} if hours is None else hours
        if inbox.id not in known:
            known[inbox.id] = OpeningHours(inbox.timezone, inbox.working_hours)
        opening = known[inbox.id]
    return DueTimes(
        _due(conversation.created_at, policy.first_response_time_threshold, opening),
        _due(conversation.waiting_since, policy.next_response_time_threshold, opening),
        _due(conversation.created_at, policy.resolution_time_threshold, opening),
    )


def _due(start: datetime | None, threshold: float | None, opening: OpeningHours | None) -> datetime | None:
    if start is None or threshold is None:
        return None
    return opening.add_open_seconds(start, threshold) if opening else start + timedelta(seconds=threshold)


def next_tick(at: datetime) -> datetime:
    """The next run of the job at or after `at`."""
    late = (at - EPOCH) % TICK
    return at if not late else at + (TICK - late)


class SlaJob:
    """Evaluates applied SLAs at the job's runs where something can change, instead of at every run."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._applied: dict[int, AppliedSla] = {}
        self._told: dict[int, set[tuple[str, int | None]]] = {}
        self._events_of: dict[int, list[int]] = {}
        self._hours: dict[int, OpeningHours] = {}
        self._queue: list[tuple[datetime, int]] = []

    @property
    def next_run(self) -> datetime | None:
        return self._queue[0][0] if self._queue else None

    def apply(self, conversation: Conversation, policy_id: int) -> None:
        now = self.account.now
        applied_id = self._next_id("applied_slas")
        applied = AppliedSla(applied_id, policy_id, conversation.id, "active", created_at=now, updated_at=now)
        self.account.applied_slas[applied_id] = applied
        self._applied[conversation.id] = applied
        conversation.sla_policy_id = policy_id
        self.plan(conversation)

    def plan(self, conversation: Conversation) -> None:
        """Something changed: queue the runs at which an evaluation can come out differently."""
        applied = self._applied.get(conversation.id)
        if applied is None or applied.sla_status in ("hit", "missed"):
            return
        if conversation.status == "resolved":
            heapq.heappush(self._queue, (next_tick(self.account.now), conversation.id))
            return
        for due in due_times(self.account, conversation, self._hours):
            if due is not None:
                heapq.heappush(self._queue, (next_tick(max(due, self.account.now)), conversation.id))

    def run(self) -> None:
        """Evaluate what is queued up to the account's clock."""
        while self._queue and self._queue[0][0] <= self.account.now:
            _, conversation_id = heapq.heappop(self._queue)
            conversation = self.account.conversations.get(conversation_id)
            applied = self._applied.get(conversation_id)
            if conversation is not None and applied is not None and applied.sla_status not in ("hit", "missed"):
                self._evaluate(conversation, applied)

    def forget(self, conversation_id: int) -> None:
        applied = self._applied.pop(conversation_id, None)
        if applied is not None:
            del self.account.applied_slas[applied.id]
            for event_id in self._events_of.pop(applied.id, []):
                del self.account.sla_events[event_id]

    def _evaluate(self, conversation: Conversation, applied: AppliedSla) -> None:
        now, due = self.account.now, due_times(self.account, conversation, self._hours)
        replied = conversation.first_reply_created_at
        if due.first_response and now >= due.first_response and (replied is None or replied > due.first_response):
            self._miss(applied, conversation, "frt")
        if replied is not None and due.next_response and now >= due.next_response:
            self._miss(applied, conversation, "nrt", self._last_incoming(conversation))
        if due.resolution and conversation.status != "resolved" and now >= due.resolution:
            self._miss(applied, conversation, "rt")
        if conversation.status == "resolved":
            self._set_status(applied, "hit" if applied.sla_status == "active" else "missed")

    def _miss(
        self,
        applied: AppliedSla,
        conversation: Conversation,
        kind: Literal["frt", "nrt", "rt"],
        message_id: int | None = None,
    ) -> None:
        told = self._told.setdefault(applied.id, set())
        if (kind, message_id) in told:
            return
        told.add((kind, message_id))
        now = self.account.now
        meta: dict[str, Any] = {} if message_id is None else {"message_id": message_id}
        event_id = self._next_id("sla_events")
        self.account.sla_events[event_id] = SlaEvent(
            event_id, applied.id, conversation.id, kind, created_at=now, updated_at=now, meta=meta
        )
        self._events_of.setdefault(applied.id, []).append(event_id)
        self._set_status(applied, "active_with_misses")

    def _set_status(self, applied: AppliedSla, status: Literal["hit", "missed", "active_with_misses"]) -> None:
        if applied.sla_status != status:
            applied.sla_status = status
            applied.updated_at = self.account.now

    def _last_incoming(self, conversation: Conversation) -> int | None:
        messages = self.account.messages
        ids = reversed(self.account.messages_of[conversation.id])
        return next((i for i in ids if messages[i].message_type == "incoming"), None)

    def _next_id(self, table: str) -> int:
        self.account.sequences[table] = self.account.sequences.get(table, 0) + 1
        return self.account.sequences[table]
