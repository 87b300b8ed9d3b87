"""The waits of fct_replies and the times of fct_conversations."""

from __future__ import annotations

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.timeline import talks, whole_second

WAITS = [
    "tenant_id",
    "conversation_id",
    "wait_number",
    "started_by",
    "started_at",
    "ended_by",
    "ended_at",
    "wait_seconds",
    "wait_business_seconds",
    "is_first_response",
]
TIMES = [
    "tenant_id",
    "conversation_id",
    "customer_messages",
    "human_replies",
    "bot_replies",
    "first_response_seconds",
    "first_response_business_seconds",
    "resolutions",
    "resolution_seconds",
    "resolution_business_seconds",
]
STARTS = {"customer": "customer_message", "handed_off": "handed_off"}
ENDS = {"human": "human_reply", "bot": "bot_reply", "resolved": "resolved"}


def waits(facts: Facts) -> pd.DataFrame:
    """A row per wait; times cut to whole seconds, and None at the end of one that runs."""
    rows = [
        (
            facts.tenant_id,
            talk.talk_id,
            number,
            STARTS[wait.begun_by],
            whole_second(wait.begun_at),
            ENDS[wait.ended_by] if wait.ended_by else None,
            wait.ended_at and whole_second(wait.ended_at),
            wait.seconds,
            wait.ended_at and facts.open_seconds(talk.inbox_id, wait.begun_at, wait.ended_at),
            wait.is_first_response,
        )
        for talk in talks(facts)
        for number, wait in enumerate(talk.waits(), start=1)
    ]
    return pd.DataFrame(rows, columns=WAITS, dtype=object)


def times(facts: Facts) -> pd.DataFrame:
    """A row per talk: how many messages of each kind, its first response and its first resolution."""
    rows = []
    for talk in talks(facts):
        resolutions = talk.resolution_seconds
        reply, resolved = talk.first_human_reply_at, talk.first("resolved")
        rows.append(
            (
                facts.tenant_id,
                talk.talk_id,
                len(talk.times("customer")),
                len(talk.times("human")),
                len(talk.times("bot")),
                talk.first_response_seconds,
                reply and facts.open_seconds(talk.inbox_id, talk.response_clock()[0], reply),
                len(resolutions),
                resolutions[0] if resolutions else None,
                resolved and facts.open_seconds(talk.inbox_id, talk.created_at, resolved.at),
            )
        )
    return pd.DataFrame(rows, columns=TIMES, dtype=object)
