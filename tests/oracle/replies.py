"""The waits of fct_replies and the times of fct_conversations."""

from __future__ import annotations

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.timeline import talks

WAITS = ["tenant_id", "conversation_id", "begun_at", "ended_at", "ended_by", "is_first_response", "seconds"]
TIMES = [
    "tenant_id",
    "conversation_id",
    "customer_messages",
    "human_messages",
    "bot_messages",
    "first_response_seconds",
    "resolutions",
    "first_resolution_seconds",
    "last_resolution_seconds",
]


def waits(facts: Facts) -> pd.DataFrame:
    """A row per wait; times cut to whole seconds, `ended_at` and the rest None while it runs."""
    rows = [
        (
            facts.tenant_id,
            talk.talk_id,
            wait.begun_at.replace(microsecond=0),
            wait.ended_at and wait.ended_at.replace(microsecond=0),
            wait.ended_by,
            wait.is_first_response,
            wait.seconds,
        )
        for talk in talks(facts)
        for wait in talk.waits()
    ]
    return pd.DataFrame(rows, columns=WAITS, dtype=object)


def times(facts: Facts) -> pd.DataFrame:
    """A row per talk: how many messages of each kind, its first response and its resolutions."""
    rows = []
    for talk in talks(facts):
        resolutions = talk.resolution_seconds
        rows.append(
            (
                facts.tenant_id,
                talk.talk_id,
                len(talk.times("customer")),
                len(talk.times("human")),
                len(talk.times("bot")),
                talk.first_response_seconds,
                len(resolutions),
                resolutions[0] if resolutions else None,
                resolutions[-1] if resolutions else None,
            )
        )
    return pd.DataFrame(rows, columns=TIMES, dtype=object)
