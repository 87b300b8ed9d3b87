"""A talk as it happened: its response clock, its waits and its resolutions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.oracle.facts import NOBODY, Facts

# moments that begin or end a wait, or tell where a talk stands, and what the marts call them
EVENTS = {
    "customer": "customer_message",
    "human": "human_reply",
    "bot": "bot_reply",
    "handed_off": "handed_off",
    "resolved": "resolved",
}


def cut(instant: datetime) -> int:
    """An instant as whole seconds since 1970; durations are differences of these, as Chatwoot's are."""
    return int(instant.timestamp() // 1)


def to_the_second(instant: datetime) -> datetime:
    """An instant as the marts date what happens in a talk: cut to whole seconds."""
    return instant.replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Moment:
    at: datetime
    what: str
    agent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """One uninterrupted wait of the customer. `ended_at` None: it still runs."""

    begun_at: datetime
    begun_by: str  # customer | handed_off
    ended_at: datetime | None
    ended_by: str | None  # human | bot | resolved
    is_first_response: bool
    is_after_first_response: bool
    agent_id: int | None = None

    @property
    def seconds(self) -> int | None:
        return None if self.ended_at is None else cut(self.ended_at) - cut(self.begun_at)


@dataclass(frozen=True)
class Talk:
    talk_id: str
    inbox_id: int | None
    contact_id: Any
    lead_id: Any
    born_status: str
    created_at: datetime
    agent_id: int | None = None
    team_id: int | None = None
    priority: str | None = None
    closed: bool = False
    moments: list[Moment] = field(default_factory=list)

    def times(self, *whats: str) -> list[datetime]:
        return [moment.at for moment in self.moments if moment.what in whats]

    def first(self, what: str) -> Moment | None:
        return next((moment for moment in self.moments if moment.what == what), None)

    @property
    def resolved_by(self) -> int | None:
        """Who had it when it was first resolved, if anybody; who has it now, where that is not known."""
        resolved = self.first("resolved")
        if resolved is None or resolved.agent_id is None:
            return self.agent_id
        return None if resolved.agent_id == NOBODY else resolved.agent_id

    @property
    def last_event(self) -> tuple[datetime, str]:
        """The last that happened in it and tells where it stands, its creation included."""
        told = [moment for moment in self.moments if moment.what in EVENTS]
        return (told[-1].at, EVENTS[told[-1].what]) if told else (self.created_at, "created")

    @property
    def first_human_reply_at(self) -> datetime | None:
        return next(iter(self.times("human")), None)

    def response_clock(self) -> tuple[datetime, str]:
        """When the clock of the first response began, and what began it.

        As Chatwoot has it: the latest hand-off or opening before the reply; else the latest bot resolution before it;
        else the talk's creation. Without a reply, the same over all that has happened so far.
        """
        before = []
        for moment in self.moments:
            if moment.what == "human":
                break
            before.append(moment)
        for whats in (("handed_off", "opened"), ("bot_resolved",)):
            if begun := [moment for moment in before if moment.what in whats]:
                return begun[-1].at, begun[-1].what
        return self.created_at, "created"

    @property
    def first_response_seconds(self) -> int | None:
        reply = self.first_human_reply_at
        return None if reply is None else cut(reply) - cut(self.response_clock()[0])

    @property
    def resolution_seconds(self) -> list[int]:
        """From creation to each transition to resolved."""
        return [cut(at) - cut(self.created_at) for at in self.times("resolved")]

    def waits(self) -> list[Wait]:
        """Every wait, in order; at most the last one still runs."""
        found: list[Wait] = []
        running: Moment | None = None
        replied = False
        for moment in self.moments:
            if moment.what in ("customer", "handed_off"):
                running = running or moment
            elif moment.what in ("human", "bot", "resolved"):
                if running is not None:
                    first = moment.what == "human" and not replied
                    found.append(
                        Wait(running.at, running.what, moment.at, moment.what, first, replied, moment.agent_id)
                    )
                    running = None
                replied = replied or moment.what == "human"
        if running is not None:
            found.append(Wait(running.at, running.what, None, None, False, replied))
        return found


def talks(facts: Facts) -> Iterator[Talk]:
    """The tenant's talks, each with its moments in true order."""
    moments: dict[str, list[Moment]] = {}
    ordered = facts.moments.sort_values(["talk_id", "at", "position"], kind="stable")
    columns = (ordered[column] for column in ("talk_id", "at", "what", "agent_id"))
    for talk_id, at, what, agent_id in zip(*columns, strict=True):
        moments.setdefault(talk_id, []).append(Moment(at, what, agent_id))
    for row in facts.talks.itertuples(index=False):
        yield Talk(
            row.talk_id,
            row.inbox_id,
            row.contact_id,
            row.lead_id,
            row.born_status,
            row.created_at,
            row.agent_id,
            row.team_id,
            row.priority,
            bool(row.closed),
            moments.get(row.talk_id, []),
        )
