"""The v2 reports, computed from reporting events, conversations and messages as Chatwoot's builders do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sandbox.server import errors
from sandbox.server.buckets import PERIODS, Buckets
from sandbox.server.endpoint import Call
from sandbox.server.finder import PAGE_SIZE
from sandbox.server.metrics import AVERAGES, COUNTS, Scope, average
from sandbox.server.ranges import moment
from sandbox.world.records import Conversation, ReportingEvent

SUMMARY = (
    "conversations_count",
    "incoming_messages_count",
    "outgoing_messages_count",
    "avg_first_response_time",
    "avg_resolution_time",
    "resolutions_count",
    "reply_time",
)


def series(call: Call) -> Any:
    """An unknown metric is an empty object and 200; a missing type is a 500."""
    metric = call.param("metric") or ""
    scope = Scope(call)
    since, until = _range(call)
    buckets = Buckets(since, until, call.param("group_by") or "day", call.param("timezone_offset"))
    if metric in AVERAGES:
        values: dict[datetime, list[float]] = {start: [] for start in buckets.starts}
        for event, value in scope.measured(metric, since, until):
            values[buckets.of(event.created_at)].append(value)
        return [
            {"value": average(found) or 0, "timestamp": int(start.timestamp()), "count": len(found)}
            for start, found in values.items()
        ]
    if metric in COUNTS:
        counts = dict.fromkeys(buckets.starts, 0)
        for at in scope.counted(metric, since, until):
            counts[buckets.of(at)] += 1
        return [{"value": count, "timestamp": int(start.timestamp())} for start, count in counts.items()]
    return {}


def summary(call: Call) -> Any:
    since, until = _range(call)
    scope = Scope(call)
    return {**_summary(scope, since, until), "previous": _summary(scope, since - (until - since), since)}


def _summary(scope: Scope, since: datetime, until: datetime) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for metric in SUMMARY:
        if metric in AVERAGES:
            shown[metric] = average([value for _, value in scope.measured(metric, since, until)])
        else:
            shown[metric] = sum(1 for _ in scope.counted(metric, since, until))
    return shown


def bot_metrics(call: Call) -> Any:
    since, until = _range(call)
    scope = Scope(call, "account")
    with_bot = {inbox.id for inbox in call.account.inboxes.values() if inbox.agent_bot_id is not None}
    talks = [c for c in scope.conversations if c.inbox_id in with_bot and since <= c.created_at < until]
    messages = sum(
        1 for c in talks for m in call.installation.index.messages(c) if m.message_type in ("incoming", "outgoing")
    )
    resolved = sum(1 for _ in scope.counted("bot_resolutions_count", since, until))
    handed_off = sum(1 for _ in scope.counted("bot_handoffs_count", since, until))
    return {
        "conversation_count": len(talks),
        "message_count": messages,
        "resolution_rate": resolved * 100 // len(talks) if talks else 0,
        "handoff_rate": handed_off * 100 // len(talks) if talks else 0,
    }


def conversations(call: Call) -> Any:
    """Open ones as they are now. `pending` is counted among the open ones, and so is always 0."""

    def metrics(rows: Iterable[Conversation], *, whole_account: bool) -> dict[str, int]:
        opened = [c for c in rows if c.status == "open"]
        shown = {
            "open": len(opened),
            "unattended": sum(1 for c in opened if c.first_reply_created_at is None or c.waiting_since is not None),
        }
        return (
            shown | {"unassigned": sum(1 for c in opened if c.assignee_id is None), "pending": 0}
            if whole_account
            else shown
        )

    rows = call.installation.index.conversations
    if call.param("type") == "account":
        return metrics(rows, whole_account=True)
    start = max(call.offset(PAGE_SIZE), 0)
    return [
        {
            "id": user.id,
            "name": user.name,
            "email": user.email,
            "thumbnail": "",
            "availability": user.availability_status,
            "metric": metrics((c for c in rows if c.assignee_id == user.id), whole_account=False),
        }
        for user in list(call.account.users.values())[start : start + PAGE_SIZE]
    ]


def summary_by(call: Call) -> Any:
    dimension = str(call.path["dimension"])
    since, until = _range(call)
    scope = Scope(call, "account")
    if dimension == "channel":
        return _channels(call, scope, since, until)
    keys: dict[str, Callable[[Conversation], set[Any]]] = {
        "agent": lambda c: {c.assignee_id},
        "team": lambda c: {c.team_id},
        "inbox": lambda c: {c.inbox_id},
        "label": lambda c: set(c.labels),
    }
    if dimension not in keys:
        raise errors.not_found()
    by_id = {c.id: c for c in scope.conversations}

    def event_keys(event: ReportingEvent) -> set[Any]:
        if dimension == "agent":
            return {event.user_id}
        conversation = by_id.get(event.conversation_id)
        return keys[dimension](conversation) if conversation else set()

    created, resolved = _Tally(), _Tally()
    averages = {metric: _Tally() for metric in AVERAGES}
    for conversation in scope.conversations:
        if since <= conversation.created_at < until:
            created.add(keys[dimension](conversation))
    for event in call.account.reporting_events.values():
        in_range = since <= event.created_at < until
        if in_range and event.name == "conversation_resolved":
            resolved.add(event_keys(event))
        if dimension == "label":  # the averages of labels go by the conversation's creation, the count does not
            labelled = by_id.get(event.conversation_id)
            in_range = labelled is not None and since <= labelled.created_at < until
        for metric, name in AVERAGES.items():
            if in_range and event.name == name:
                averages[metric].add(event_keys(event), scope.value(event))
    nothing = 0 if dimension == "label" else None
    rows = []
    for row_id, key, extra in _dimension_rows(call, dimension):
        row: dict[str, Any] = {"id": row_id, **extra, "conversations_count": created.count(key)}
        row["resolved_conversations_count"] = resolved.count(key)
        for name, metric in (
            ("avg_resolution_time", "avg_resolution_time"),
            ("avg_first_response_time", "avg_first_response_time"),
            ("avg_reply_time", "reply_time"),
        ):
            mean = averages[metric].mean(key)
            row[name] = nothing if mean is None else mean
        rows.append(row)
    return rows


def _dimension_rows(call: Call, dimension: str) -> list[tuple[int, Any, dict[str, Any]]]:
    account = call.account
    if dimension == "label":
        return [(label.id, label.title, {"name": label.title}) for label in account.labels.values()]
    rows: dict[str, Iterable[int]] = {"agent": account.users, "team": account.teams, "inbox": account.inboxes}
    return [(row_id, row_id, {}) for row_id in rows[dimension]]


def _channels(call: Call, scope: Scope, since: datetime, until: datetime) -> Any:
    if call.account.version < (4, 10, 0):
        raise errors.not_found()
    if until - since > timedelta(days=184):
        raise errors.unprocessable("Date range cannot exceed 6 months")
    shown: dict[str, dict[str, int]] = {}
    for conversation in scope.conversations:
        inbox = call.account.inboxes.get(conversation.inbox_id)
        if inbox is None or not since <= conversation.created_at < until:
            continue
        channel = shown.setdefault(
            inbox.channel_type, {"open": 0, "resolved": 0, "pending": 0, "snoozed": 0, "total": 0}
        )
        channel[conversation.status] += 1
        channel["total"] += 1
    return shown


def _range(call: Call) -> tuple[datetime, datetime]:
    since, until = call.param("since"), call.param("until")
    if since is None or until is None or (call.param("group_by") or "day") not in PERIODS:
        raise errors.internal_error()
    return moment(since), moment(until)


class _Tally:
    """Counts and sums by key."""

    def __init__(self) -> None:
        self._values: dict[Any, list[float]] = {}

    def add(self, keys: set[Any], value: float = 0) -> None:
        for key in keys:
            self._values.setdefault(key, []).append(value)

    def count(self, key: Any) -> int:
        return len(self._values.get(key, ()))

    def mean(self, key: Any) -> float | None:
        return average(self._values.get(key, []))
