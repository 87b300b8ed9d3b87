"""What the oracle is given: one tenant's facts, in the plainest form that still holds every distinction needed.

A **talk** is a conversation in the sense of the marts: one of Chatwoot's, or one that only the bot knows. What happens
in it is one stream of **moments**, in true order:

| `what`         | is                                                                                             |
|----------------|------------------------------------------------------------------------------------------------|
| `customer`     | a customer message: incoming, not private                                                      |
| `human`        | a human reply: outgoing, public, by a user or an echo of the phone's app; no rule, no campaign |
| `bot`          | a bot reply: outgoing by an agent bot                                                          |
| `handed_off`   | the bot gave the talk to the team                                                              |
| `opened`       | an existing talk became open (re-opened, woken from snooze or pending)                         |
| `pending`      | it went back to pending                                                                        |
| `snoozed`      | it was put to sleep                                                                            |
| `resolved`     | it became resolved                                                                             |
| `bot_resolved` | it became resolved and no user had written in it, in an inbox with a bot                       |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from tests.oracle.minute_clock import ALWAYS, MinuteClock, Span

# how long after everything else something may be due
LOOKAHEAD = timedelta(days=60)
METRICS = ("first_response", "next_response", "resolution")
NOBODY = 0

WHATS = ("customer", "human", "bot", "handed_off", "opened", "pending", "snoozed", "resolved", "bot_resolved")

COLUMNS: Mapping[str, Sequence[str]] = {
    # born_status: open | pending | resolved | snoozed; inbox_id is None for a talk only the bot knows; a talk belongs
    # to a Chatwoot contact, to a bot's lead (contact_id None), or to both (the lead of the linked bot conversation);
    # agent and team are those of now, closed whether it is closed now
    "talks": (
        *("talk_id", "inbox_id", "contact_id", "lead_id", "agent_id", "team_id"),
        *("born_status", "created_at", "status", "closed", "priority", "labels", "inbox_channel"),
        # its number in Chatwoot, and the bot's own conversation; what Chatwoot reported as the first response, in seconds
        *("display_id", "bot_conversation_id", "reported_first_response"),
    ),
    # agent_id: who wrote a reply, or who had the talk when it was resolved (NOBODY, if so); None where nobody can know
    "moments": ("talk_id", "at", "position", "what", "agent_id"),
    # Chatwoot's own SLAs: thresholds in seconds, None where there is none
    "applied_slas": ("talk_id", "applied_at", "first_response", "next_response", "resolution", "business_hours_only"),
    # talks in which a bot took part, and what its own database says of them
    "bot_talks": ("talk_id", "handoff_at", "handoff_reason", "playbook"),
    # anonymous: without phone, e-mail and identifier, so that Chatwoot shows it in its conversations alone
    "contacts": ("contact_id", "phone", "name", "email", "anonymous"),
    # members of the account, teams and inboxes as they are listed now
    "agents": ("agent_id", "name", "role"),
    "teams": ("team_id", "name"),
    "inboxes": ("inbox_id", "name", "channel_type", "provider", "timezone", "keeps_hours", "asks_for_satisfaction"),
    "leads": (
        *("lead_id", "phone", "name", "email", "source_channel", "campaign_id", "status", "maturity_score"),
        *("created_at", "converted_at"),
    ),
    "campaigns": ("campaign_id", "name", "channel", "started_on", "ended_on"),
    "campaign_costs": ("campaign_id", "cost_date", "cost", "currency", "impressions", "clicks"),
    "feedback": ("feedback_id", "talk_id", "score", "nps_score", "comment", "created_at"),
    "llm_interactions": (
        *("bot_conversation_id", "intent", "confidence", "validated_intent", "model"),
        *("prompt_tokens", "completion_tokens", "latency_ms", "created_at"),
    ),
    # Chatwoot's satisfaction surveys: the answers with their last rating, and what was sent (response_id: its answer)
    "csat": ("response_id", "talk_id", "agent_id", "rating", "comment", "created_at"),
    "surveys": ("talk_id", "asked_at", "response_id"),
    "bookings": ("booking_id", "lead_id", "procedure", "value", "currency", "booked_at", "scheduled_for", "status"),
    # given, not true: what was told of each sync, and what the analyzer said of each talk
    "sync_runs": ("source", "sync_id", "status", "finished_at", "source_clock", "error"),
    "analysis": ("talk_id", "is_lead", "lead_probability", "visit_scheduled", "visit_at", "intent", "sentiment"),
}


def frame(name: str, rows: Sequence[Mapping[str, object]] = ()) -> pd.DataFrame:
    """A frame of that name from rows of dictionaries; a key that is left out is None, an unknown one is refused."""
    columns = COLUMNS[name]
    for row in rows:
        if unknown := set(row) - set(columns):
            raise ValueError(f"{name} has no column {sorted(unknown)}")
    return pd.DataFrame([[row.get(column) for column in columns] for row in rows], columns=list(columns), dtype=object)


@dataclass(frozen=True)
class Override:
    """Other thresholds for the talks of an inbox, of a priority (None: of any), or both; what it leaves out stays."""

    inbox_id: int | None
    priority: str | None
    thresholds: Mapping[str, int]
    business_hours_only: bool


@dataclass(frozen=True)
class Facts:
    """One tenant: its settings, its sources' clock at the last sync, and its frames (empty where not given)."""

    tenant_id: str
    name: str = ""
    timezone: str = "America/Sao_Paulo"
    locale: str = "pt-BR"
    currency: str = "BRL"
    country: str = "BR"
    subdivision: str | None = None
    # chatwoot, bot
    sources: frozenset[str] = frozenset()
    # metric -> seconds; a metric without a threshold is not measured
    thresholds: Mapping[str, int] = field(default_factory=dict)
    business_hours_only: bool = False
    overrides: Sequence[Override] = ()
    # weekly hours of the tenant, and of the inboxes that have their own with the zone they are in
    hours: Sequence[Span] = tuple(ALWAYS)
    inbox_hours: Mapping[int, tuple[str, Sequence[Span]]] = field(default_factory=dict)
    # and why
    closed_days: Mapping[date, str] = field(default_factory=dict)
    as_of: datetime | None = None
    owner_cost_per_month: Decimal = Decimal(0)
    applied_slas: pd.DataFrame = field(default_factory=lambda: frame("applied_slas"))
    vertical: str = "other"
    # source -> when anything last happened there
    last_events: Mapping[str, datetime] = field(default_factory=dict)
    sync_runs: pd.DataFrame = field(default_factory=lambda: frame("sync_runs"))
    talks: pd.DataFrame = field(default_factory=lambda: frame("talks"))
    moments: pd.DataFrame = field(default_factory=lambda: frame("moments"))
    bot_talks: pd.DataFrame = field(default_factory=lambda: frame("bot_talks"))
    contacts: pd.DataFrame = field(default_factory=lambda: frame("contacts"))
    agents: pd.DataFrame = field(default_factory=lambda: frame("agents"))
    teams: pd.DataFrame = field(default_factory=lambda: frame("teams"))
    inboxes: pd.DataFrame = field(default_factory=lambda: frame("inboxes"))
    leads: pd.DataFrame = field(default_factory=lambda: frame("leads"))
    campaigns: pd.DataFrame = field(default_factory=lambda: frame("campaigns"))
    campaign_costs: pd.DataFrame = field(default_factory=lambda: frame("campaign_costs"))
    bookings: pd.DataFrame = field(default_factory=lambda: frame("bookings"))
    feedback: pd.DataFrame = field(default_factory=lambda: frame("feedback"))
    llm_interactions: pd.DataFrame = field(default_factory=lambda: frame("llm_interactions"))
    csat: pd.DataFrame = field(default_factory=lambda: frame("csat"))
    surveys: pd.DataFrame = field(default_factory=lambda: frame("surveys"))
    analysis: pd.DataFrame = field(default_factory=lambda: frame("analysis"))

    # what has been worked out from them once, by name
    derived: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def today(self) -> date | None:
        """The day it is by the sources' clock."""
        return None if self.as_of is None else self.local_date(self.as_of)

    def local_date(self, instant: datetime) -> date:
        """The day an instant falls on where the tenant is."""
        return instant.astimezone(ZoneInfo(self.timezone)).date()

    def open_seconds(self, inbox_id: int | None, begin: datetime, end: datetime) -> int:
        """Seconds in which it was open there, between two instants cut to whole seconds."""
        return self._clock(inbox_id).open_seconds(begin, end)

    def last_instant_within(self, inbox_id: int | None, begin: datetime, seconds: int) -> datetime | None:
        """The last instant until which it was open there no longer than that; None: it never opens."""
        return self._clock(inbox_id).last_instant_within(begin, seconds)

    def _clock(self, inbox_id: int | None) -> MinuteClock:
        calendar = inbox_id if inbox_id in self.inbox_hours else None
        if calendar not in self._clocks:
            zone, spans = (self.timezone, self.hours) if calendar is None else self.inbox_hours[calendar]
            instants = [*self.talks["created_at"], *self.moments["at"], *([self.as_of] if self.as_of else [])]
            bounds = min(instants), max(instants) + LOOKAHEAD
            self._clocks[calendar] = MinuteClock(zone, spans, self.closed_days, *bounds)
        return self._clocks[calendar]

    @cached_property
    def _clocks(self) -> dict[int | None, MinuteClock]:
        return {}

    def local_month(self, instant: datetime) -> date:
        """The first day of the month an instant falls in where the tenant is."""
        return self.local_date(instant).replace(day=1)
