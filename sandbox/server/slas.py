"""SLA policies, and the applied SLAs that were missed: the list shows no other, in no order one can ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.server.endpoint import Call
from sandbox.server.ranges import within
from sandbox.server.sla import applied_sla, sla_event
from sandbox.world.records import AppliedSla, Conversation

PAGE_SIZE = 25
MISSED = ("missed", "active_with_misses")


def list_policies(call: Call) -> Any:
    return {
        "payload": [
            {
                "id": policy.id,
                "name": policy.name,
                "description": policy.description,
                "first_response_time_threshold": policy.first_response_time_threshold,
                "next_response_time_threshold": policy.next_response_time_threshold,
                "resolution_time_threshold": policy.resolution_time_threshold,
                "only_during_business_hours": policy.only_during_business_hours,
            }
            for policy in call.account.sla_policies.values()
        ]
    }


def list_missed(call: Call) -> Any:
    # As they lie on disk: a row that is written again moves to the end. (There is no sort one could ask for, so that
    # an order drawn anew per request, as for contacts, would leave no way at all to read the list.)
    rows = sorted(
        (pair for pair in _matching(call) if pair[0].sla_status in MISSED),
        key=lambda pair: (pair[0].updated_at, -pair[0].id),
    )
    start = max(call.offset(PAGE_SIZE), 0)
    return {
        "payload": [_shown(call, applied, conversation) for applied, conversation in rows[start : start + PAGE_SIZE]],
        "meta": {"count": len(rows), "current_page": call.raw_page},
    }


def metrics(call: Call) -> Any:
    """Running ones count as hits."""
    rows = [applied for applied, _ in _matching(call)]
    misses = sum(1 for applied in rows if applied.sla_status in MISSED)
    rate = "100%" if misses == 0 else f"{round((len(rows) - misses) / len(rows) * 100, 2)}%"
    return {"total_applied_slas": len(rows), "number_of_sla_misses": misses, "hit_rate": rate}


def _matching(call: Call) -> list[tuple[AppliedSla, Conversation]]:
    in_range = within(call)
    labels = call.params("label_list")
    conditions: list[Callable[[AppliedSla, Conversation], bool]] = []
    for name, value_of in (
        ("inbox_id", lambda a, c: c.inbox_id),
        ("team_id", lambda a, c: c.team_id),
        ("assigned_agent_id", lambda a, c: c.assignee_id),
        ("sla_policy_id", lambda a, c: a.sla_policy_id),
    ):
        wanted = call.param(name)
        if wanted is not None:
            conditions.append(lambda a, c, value_of=value_of, wanted=wanted: str(value_of(a, c)) == wanted)  # type: ignore[misc]
    if labels:
        conditions.append(lambda a, c: not set(labels).isdisjoint(c.labels))
    found = []
    for applied in call.account.applied_slas.values():
        conversation = call.account.conversations.get(applied.conversation_id)
        if conversation is None or conversation.display_id in call.installation.index.hidden_conversations:
            continue
        if in_range(applied.created_at) and all(condition(applied, conversation) for condition in conditions):
            found.append((applied, conversation))
    return found


def _shown(call: Call, applied: AppliedSla, conversation: Conversation) -> Any:
    account = call.account
    contact = account.contacts.get(conversation.contact_id)
    summary: dict[str, Any] = {
        "id": conversation.display_id,
        "contact": {"name": contact.name if contact else None},
        "labels": ", ".join(conversation.labels),
    }
    assignee = account.users.get(conversation.assignee_id or -1)
    if assignee is not None:
        summary["assignee"] = call.installation.serializer.agent(assignee)
    events = call.installation.index.events_of_applied_sla.get(applied.id, ())
    return {
        "applied_sla": applied_sla(account, applied, conversation),
        "conversation": summary,
        "sla_events": [sla_event(event) for event in events],
    }
