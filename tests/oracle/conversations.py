"""fct_conversations: everything that is known of each talk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.people import people
from tests.oracle.timeline import Talk, cut, talks, to_the_second

# kinds of Chatwoot's inboxes, and what they are called here
CHANNELS = {
    "Channel::Api": "api",
    "Channel::Email": "email",
    "Channel::Instagram": "instagram",
    "Channel::WebWidget": "web_widget",
    "Channel::Whatsapp": "whatsapp",
}
SAID = {"is_lead": "is_lead", "lead_probability": "lead_probability", "is_visit_scheduled": "visit_scheduled"}
SAID |= {column: column for column in ("visit_at", "intent", "sentiment")}


def fct_conversations(facts: Facts) -> pd.DataFrame:
    """One row per talk."""
    person_of = {talk.talk_id: person.person_id for person in people(facts) for talk in person.talks}
    known, said, bot = (
        {row.talk_id: row for row in frame.itertuples(index=False)}
        for frame in (facts.talks, facts.analysis, facts.bot_talks)
    )
    rows = [
        {
            "tenant_id": facts.tenant_id,
            "conversation_id": talk.talk_id,
            "person_id": person_of[talk.talk_id],
            **_as_it_is(facts, known[talk.talk_id]),
            **_messages(talk),
            **_first_response(facts, talk),
            "reported_first_response_seconds": known[talk.talk_id].reported_first_response,
            **_resolutions(facts, talk, closed=bool(known[talk.talk_id].closed)),
            **_bot(talk, bot.get(talk.talk_id)),
            **{column: getattr(said.get(talk.talk_id), name, None) for column, name in SAID.items()},
        }
        for talk in talks(facts)
    ]
    return pd.DataFrame(rows, dtype=object)


def _as_it_is(facts: Facts, talk: Any) -> dict[str, Any]:
    """What the source says of it now."""
    return {
        "source": "bot" if talk.inbox_id is None else "chatwoot",
        "chatwoot_conversation_id": talk.display_id,
        "bot_conversation_ids": [talk.bot_conversation_id] if talk.bot_conversation_id else [],
        "contact_id": talk.contact_id,
        "lead_id": talk.lead_id,
        "inbox_id": talk.inbox_id,
        "inbox_channel": talk.inbox_channel and CHANNELS[talk.inbox_channel],
        "hours_inbox_id": talk.inbox_id if talk.inbox_id in facts.inbox_hours else 0,
        "agent_id": talk.agent_id,
        "team_id": talk.team_id,
        "status": talk.status,
        "is_closed": bool(talk.closed),
        "priority": talk.priority,
        "labels": list(talk.labels or ()),
        "created_at": to_the_second(talk.created_at),
        "created_date": facts.local_date(talk.created_at),
    }


def _messages(talk: Talk) -> dict[str, Any]:
    wrote, replied = talk.times("customer"), talk.times("human", "bot")
    after_reply = [at for at in wrote if replied and cut(at) > cut(replied[0])]
    last_event_at, last_event = talk.last_event
    return {
        "customer_messages": len(wrote),
        "human_replies": len(talk.times("human")),
        "bot_replies": len(talk.times("bot")),
        "first_customer_message_at": _first(wrote),
        "last_customer_message_at": _last(wrote),
        "first_reply_at": _first(replied),
        "first_message_after_reply_at": _first(after_reply),
        "last_message_at": _last(talk.times("customer", "human", "bot")),
        "last_event": last_event,
        "last_event_at": to_the_second(last_event_at),
    }


def _first_response(facts: Facts, talk: Talk) -> dict[str, Any]:
    began, begun_by = talk.response_clock()
    reply = talk.first("human")
    # unanswered, it is over where the team no longer has it
    overs = [] if reply else [at for at in talk.times("resolved", "pending") if cut(at) >= cut(began)]
    if not reply and not overs and begun_by == "created" and talk.born_status == "resolved":
        overs = [talk.created_at]
    return {
        "first_human_reply_at": reply and to_the_second(reply.at),
        "first_response_date": reply and facts.local_date(reply.at),
        "first_response_agent_id": reply and reply.agent_id,
        "first_response_started_at": to_the_second(began),
        "first_response_seconds": talk.first_response_seconds,
        "first_response_business_seconds": reply and facts.open_seconds(talk.inbox_id, began, reply.at),
        "first_response_ended_at": _first(overs),
    }


def _resolutions(facts: Facts, talk: Talk, *, closed: bool) -> dict[str, Any]:
    resolved = talk.times("resolved")
    return {
        "resolutions": len(resolved),
        "first_resolved_at": _first(resolved),
        "first_resolved_date": facts.local_date(resolved[0]) if resolved else None,
        "first_resolution_agent_id": talk.resolved_by if resolved else None,
        "last_resolved_at": _last(resolved),
        "resolution_seconds": talk.resolution_seconds[0] if resolved else None,
        "resolution_business_seconds": (
            facts.open_seconds(talk.inbox_id, talk.created_at, resolved[0]) if resolved else None
        ),
        "is_reopened": len(resolved) > 1 or (len(resolved) == 1 and not closed),
    }


def _bot(talk: Talk, bot: Any) -> dict[str, Any]:
    """Of a talk and what the bot knows of it; None: no bot took part."""
    handed_off = [*talk.times("handed_off"), *([bot.handoff_at] if bot and bot.handoff_at else [])]
    return {
        "has_bot": bot is not None,
        "handed_off_at": to_the_second(min(handed_off)) if handed_off else None,
        "handoff_reason": bot and bot.handoff_reason,
        "playbook": bot and bot.playbook,
        "is_only_with_bot": talk.born_status == "pending" and not talk.times("human", "handed_off", "opened"),
    }


def _first(instants: list[datetime]) -> datetime | None:
    return to_the_second(instants[0]) if instants else None


def _last(instants: list[datetime]) -> datetime | None:
    return to_the_second(instants[-1]) if instants else None
