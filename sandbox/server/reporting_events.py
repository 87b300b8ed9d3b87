"""The account's reporting events: newest row first, 25 a page, naming conversations by the database's ids."""

from __future__ import annotations

from typing import Any

from sandbox.server.endpoint import Call
from sandbox.server.ordering import Ordered
from sandbox.server.ranges import within
from sandbox.world.records import ReportingEvent

PAGE_SIZE = 25


def list_events(call: Call) -> Any:
    asked = tuple(call.param(name) for name in ("since", "until", "inbox_id", "user_id", "name"))

    def find() -> Ordered[ReportingEvent]:
        in_range = within(call)
        _, _, inbox, user, name = asked
        rows = (
            event
            for event in call.account.reporting_events.values()
            if (inbox is None or str(event.inbox_id) == inbox)
            and (user is None or str(event.user_id) == user)
            and (name is None or event.name == name)
            and in_range(event.created_at)
        )
        return Ordered(rows, lambda event: -event.created_at.timestamp())

    ordered = call.installation.index.remember(("reporting_events", asked), find)
    rows = ordered.slice(call.offset(PAGE_SIZE), PAGE_SIZE, call.installation.rng)
    return {
        "payload": [call.installation.serializer.reporting_event(event) for event in rows],
        "meta": {"count": len(ordered), "current_page": call.page, "total_pages": -(-len(ordered) // PAGE_SIZE)},
    }
