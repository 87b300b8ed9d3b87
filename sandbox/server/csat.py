"""CSAT answers: a bare array, 25 a page, in no order unless asked; a corrected answer keeps its created_at."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sandbox.server.endpoint import Call
from sandbox.server.ordering import Ordered, unordered
from sandbox.server.ranges import within
from sandbox.server.times import epoch
from sandbox.world.records import CsatResponse

PAGE_SIZE = 25


def list_responses(call: Call) -> Any:
    rows = _matching(call)
    sort = call.param("sort")
    if sort in ("created_at", "-created_at"):
        sign = -1 if sort.startswith("-") else 1
        ordered = Ordered(rows, lambda r: sign * r.created_at.timestamp())
    else:
        ordered = unordered(rows)
    return [_shown(call, row) for row in ordered.slice(call.offset(PAGE_SIZE), PAGE_SIZE, call.installation.rng)]


def response_metrics(call: Call) -> Any:
    rows = _matching(call)
    in_range = within(call)
    # what was sent ignores every filter but the range
    sent = sum(1 for m in call.account.messages.values() if m.content_type == "input_csat" and in_range(m.created_at))
    ratings = Counter(str(row.rating) for row in rows)
    return {
        "total_count": len(rows),
        "ratings_count": dict(sorted(ratings.items())),
        "total_sent_messages_count": sent,
    }


def _matching(call: Call) -> list[CsatResponse]:
    in_range = within(call)
    users, inbox, team, rating = (
        call.params("user_ids"),
        call.param("inbox_id"),
        call.param("team_id"),
        call.param("rating"),
    )

    def matches(row: CsatResponse) -> bool:
        conversation = call.account.conversations.get(row.conversation_id)
        return (
            in_range(row.created_at)
            and (users is None or str(row.assigned_agent_id) in users)
            and (inbox is None or (conversation is not None and str(conversation.inbox_id) == inbox))
            and (team is None or (conversation is not None and str(conversation.team_id) == team))
            and (rating is None or str(row.rating) == rating)
        )

    return [row for row in call.account.csat_responses.values() if matches(row)]


def _shown(call: Call, row: CsatResponse) -> Any:
    account, serializer = call.account, call.installation.serializer
    conversation = account.conversations.get(row.conversation_id)
    shown: dict[str, Any] = {"id": row.id, "rating": row.rating, "feedback_message": row.feedback_message}
    if account.version >= (4, 10, 0):
        shown |= {"csat_review_notes": None, "review_notes_updated_at": None}
    shown |= {"account_id": account.id, "message_id": row.message_id}
    contact = account.contacts.get(row.contact_id)
    if contact is not None:
        shown["contact"] = serializer.contact(contact)
    shown["conversation_id"] = conversation.display_id if conversation else None
    agent = account.writer(row.assigned_agent_id or -1)
    if agent is not None:
        shown["assigned_agent"] = serializer.agent(agent)
    shown["created_at"] = epoch(row.created_at)
    return shown
