"""The oracle's facts, taken from the sandbox world's ground truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import holidays
import pandas as pd

from funil.opening_hours import parse_business_hours
from funil.service_levels import parse_duration
from tests.oracle.facts import COLUMNS, METRICS, NOBODY, Facts, Override
from tests.oracle.minute_clock import ALWAYS, Span
from tests.oracle.timeline import to_the_second

# what the truth calls a message -> the oracle's moment; other kinds (templates, notes, rules, campaigns) answer nobody
SPEAKERS = {"customer": "customer", "human": "human", "bot": "bot"}
_LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)
HAPPENINGS = {"handed_off", "opened", "pending", "snoozed", "resolved", "bot_resolved"}


def facts_from_truth(
    settings: Mapping[str, Any],
    truth: Mapping[str, pd.DataFrame],
    *,
    analysis: pd.DataFrame | None = None,
    as_of: datetime | None = None,
    has_reports: bool = True,
    sync_runs: pd.DataFrame | None = None,
) -> Facts:
    """A tenant's facts: its settings as in tenants.yaml, the world's truth, what the analysis said, the clock and what
    was told of its syncs."""
    frames = {name: truth[name].astype(object).where(truth[name].notna(), None) for name in truth}
    talks = _talks(frames, has_reports=has_reports)
    return Facts(
        tenant_id=settings["slug"],
        name=settings["name"],
        timezone=settings["timezone"],
        locale=settings.get("locale", "pt-BR"),
        currency=settings.get("currency", "BRL"),
        country=settings.get("country", "BR"),
        subdivision=settings.get("subdivision"),
        sources=frozenset({"chatwoot", "bot"} & set(settings)),
        thresholds=_thresholds(settings.get("sla", {})),
        overrides=_overrides(settings.get("sla", {})),
        as_of=as_of,
        vertical=settings.get("vertical", "other"),
        owner_cost_per_month=Decimal(str(settings.get("owner_cost_per_month", 0))),
        business_hours_only=settings.get("sla", {}).get("business_hours_only", False),
        hours=_tenant_hours(settings),
        inbox_hours=_inbox_hours(frames["working_hours"]),
        closed_days=closed_days(settings, (as_of or _LONG_AGO).year),
        # Chatwoot tells nobody how a blocked contact fares
        applied_slas=_take(
            frames["applied_slas"][~frames["applied_slas"]["contact_blocked"].astype(bool)],
            "applied_slas",
            talk_id="conversation_id",
        ),
        last_events=_last_events(frames),
        sync_runs=pd.DataFrame(columns=list(COLUMNS["sync_runs"])) if sync_runs is None else sync_runs,
        talks=talks,
        moments=_moments(frames, has_reports=has_reports),
        bot_talks=_bot_talks(frames),
        contacts=_take(frames["contacts"], "contacts", phone="phone_written"),
        agents=_take(
            # who left did so before anything was first read
            frames["agents"][~frames["agents"]["removed"].astype(bool)],
            "agents",
            agent_id="user_id",
        ),
        teams=_take(frames["teams"], "teams"),
        inboxes=_take(
            frames["inboxes"],
            "inboxes",
            keeps_hours="working_hours_enabled",
            asks_for_satisfaction="csat_survey_enabled",
        ),
        leads=_take(frames["leads"], "leads", phone="phone_written"),
        campaigns=_take(frames["campaigns"], "campaigns"),
        campaign_costs=_take(frames["campaign_costs"], "campaign_costs"),
        bookings=_take(frames["bookings"], "bookings"),
        feedback=_take(frames["feedback"], "feedback", talk_id="conversation_id"),
        llm_interactions=_take(frames["llm_interactions"], "llm_interactions"),
        csat=_take(frames["csat"], "csat", talk_id="conversation_id", comment="feedback_message"),
        surveys=_take(frames["surveys"], "surveys", talk_id="conversation_id"),
        analysis=pd.DataFrame(columns=list(COLUMNS["analysis"])) if analysis is None else analysis,
    )


def _last_events(truth: Mapping[str, pd.DataFrame]) -> dict[str, datetime]:
    """Chatwoot tells of an instant in whole seconds, the bot as its database has it."""
    talks, messages = truth["conversations"], truth["messages"]
    of_chatwoot = [
        *talks.loc[talks["source"] == "chatwoot", "created_at"],
        *messages.loc[messages["source"] == "chatwoot", "at"],
        *truth["csat"]["created_at"],
    ]
    # a message counts by the change of its conversation
    of_the_bot = [
        *talks["bot_updated_at"],
        *(at for name in ("leads", "bookings") for at in truth[name]["updated_at"]),
        *(at for name in ("feedback", "lead_interactions") for at in truth[name]["created_at"]),
    ]
    latest = {
        "chatwoot": max(map(to_the_second, map(_plain, of_chatwoot)), default=None),
        "bot": max((_plain(at) for at in of_the_bot if at is not None), default=None),
    }
    return {source: at for source, at in latest.items() if at is not None}


def closed_days(settings: Mapping[str, Any], this_year: int) -> dict[date, str]:
    """The holidays of the tenant's country and state from 2015 to the year after next, corrected by its own days."""
    optional = settings.get("holidays", "public+optional") == "public+optional"
    calendar = holidays.country_holidays(
        settings.get("country", "BR"),
        subdiv=settings.get("subdivision"),
        years=range(2015, this_year + 3),
        categories=("public", "optional") if optional else ("public",),
        language=settings.get("locale", "pt-BR").replace("-", "_"),
    )
    own = dict.fromkeys(settings.get("closed_days", ()), "closed_days in tenants.yaml")
    opened = set(settings.get("open_days", ()))
    return {day: reason for day, reason in {**own, **calendar}.items() if day not in opened}


def _thresholds(block: Mapping[str, Any]) -> dict[str, int]:
    return {metric: int(parse_duration(block[metric]).total_seconds()) for metric in METRICS if metric in block}


def _overrides(sla: Mapping[str, Any]) -> Sequence[Override]:
    always = sla.get("business_hours_only", False)
    return tuple(
        Override(
            block.get("inbox"), block.get("priority"), _thresholds(block), block.get("business_hours_only", always)
        )
        for block in sla.get("overrides", ())
    )


def _tenant_hours(settings: Mapping[str, Any]) -> Sequence[Span]:
    shifts = parse_business_hours(settings.get("business_hours", {}))
    return [
        Span(shift.day_of_week, _minute(shift.opens_at), _minute(shift.closes_at) or 1440, shift.began_day_before)
        for shift in shifts
    ] or ALWAYS


def _minute(at: time | None) -> int:
    return 0 if at is None else at.hour * 60 + at.minute


def _inbox_hours(working_hours: pd.DataFrame) -> dict[int, tuple[str, Sequence[Span]]]:
    found: dict[int, tuple[str, list[Span]]] = {}
    for row in working_hours.itertuples(index=False):
        _, spans = found.setdefault(row.inbox_id, (row.timezone, []))
        if row.opens is not None:
            spans.append(Span(row.day_of_week, row.opens, row.closes))
    return {inbox_id: (zone, spans) for inbox_id, (zone, spans) in found.items()}


def _assignees_at_resolution(truth: Mapping[str, pd.DataFrame], happened: pd.DataFrame) -> pd.Series:
    """Whom Chatwoot's report of a resolution names, NOBODY included; None where there is no report of it."""
    reports = truth["reporting_events"]
    reports = reports[reports["name"] == "conversation_resolved"]
    keys = zip(reports["conversation_id"], reports["event_end_time"], strict=True)
    named = dict(zip(keys, reports["user_id"].fillna(NOBODY), strict=True))
    agents = [
        named.get((row.talk_id, row.at)) if row.what == "resolved" else None for row in happened.itertuples(index=False)
    ]
    return pd.Series(agents, index=happened.index, dtype=object)


def _take(frame: pd.DataFrame, name: str, **renamed: str) -> pd.DataFrame:
    """The columns the oracle knows, under its names; instants as Python's own."""
    taken = {column: frame[renamed.get(column, column)].tolist() for column in COLUMNS[name]}
    return pd.DataFrame({column: pd.Series(map(_plain, cells), dtype=object) for column, cells in taken.items()})


def _plain(cell: Any) -> Any:
    return cell.to_pydatetime() if isinstance(cell, pd.Timestamp) else cell


def _talks(truth: Mapping[str, pd.DataFrame], *, has_reports: bool) -> pd.DataFrame:
    conversations = truth["conversations"]
    bot_inboxes = set(truth["inboxes"].loc[truth["inboxes"]["has_bot"].astype(bool), "inbox_id"])
    events = truth["events"].sort_values("position")
    changes = events[events["name"] != "created"].groupby("conversation_id")["name"].first().to_dict()
    born = [_born_status(row, bot_inboxes, changes) for row in conversations.itertuples(index=False)]
    reports = truth["reporting_events"]
    reports = reports[(reports["name"] == "first_response") & has_reports]
    reported = {talk_id: int(min(values)) for talk_id, values in reports.groupby("conversation_id")["value"]}
    return _take(
        conversations.assign(
            talk_id=conversations["conversation_id"],
            born_status=born,
            reported_first_response=[reported.get(talk_id) for talk_id in conversations["conversation_id"]],
        ).replace({"reported_first_response": {float("nan"): None}}),
        "talks",
        agent_id="assignee_id",
    )


def _bot_talks(truth: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    conversations = truth["conversations"]
    wrote = set(truth["messages"].loc[truth["messages"]["kind"] == "bot", "conversation_id"])
    took_part = (
        conversations["bot_conversation_id"].notna()
        | conversations["assigned_to_bot"].astype(bool)
        | conversations["conversation_id"].isin(wrote)
    )
    return _take(conversations[took_part], "bot_talks", talk_id="conversation_id")


def _born_status(conversation: Any, bot_inboxes: set[Any], first_change: Mapping[str, str]) -> str:
    """A talk's status at creation: what it still is if it never changed, else what it must have been."""
    if conversation.source == "bot":
        return "pending"  # the bot's own talk is with the bot until it is handed off
    change = first_change.get(conversation.conversation_id)
    if change is None:
        return str(conversation.status)
    if conversation.inbox_id in bot_inboxes and conversation.began_by == "customer":
        return "pending"
    return "resolved" if change == "opened" else "open"


def _moments(truth: Mapping[str, pd.DataFrame], *, has_reports: bool) -> pd.DataFrame:
    messages = truth["messages"]
    spoken = messages.assign(
        what=messages["kind"].map(SPEAKERS), talk_id=messages["conversation_id"], agent_id=messages["user_id"]
    )
    spoken = spoken.assign(position=range(len(spoken)))[spoken["what"].notna()]
    events = truth["events"]
    happened = events[events["name"].isin(HAPPENINGS)].rename(columns={"conversation_id": "talk_id", "name": "what"})
    # at one instant, what was written came before what followed from it
    happened = happened.assign(position=happened["position"] + len(messages))
    happened["agent_id"] = _assignees_at_resolution(truth, happened) if has_reports else None
    own = truth["conversations"]
    own = own[own["source"] == "bot"]
    ended = [
        {"talk_id": row.conversation_id, "at": at, "position": 2 * 10**9 + number, "what": what, "agent_id": None}
        for row in own.itertuples(index=False)
        for number, (at, what) in enumerate(_bots_own(row))
    ]
    columns = list(COLUMNS["moments"])
    return _take(
        pd.concat([spoken[columns], happened[columns], pd.DataFrame(ended, columns=columns)], ignore_index=True),
        "moments",
    )


def _bots_own(talk: Any) -> Iterator[tuple[Any, str]]:
    """What the bot's database tells of a talk that only the bot knows, besides its messages."""
    if talk.handoff_at is not None:
        yield talk.handoff_at, "handed_off"
    if talk.status == "closed" and talk.ended_at is not None:
        yield talk.ended_at, "resolved"
        if talk.resolved_by == "bot":
            yield talk.ended_at, "bot_resolved"
