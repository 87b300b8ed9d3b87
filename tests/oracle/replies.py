"""fct_replies: the waits of customers."""

from __future__ import annotations

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.timeline import EVENTS, talks, to_the_second

WAITS = [
    *("tenant_id", "conversation_id", "wait_number", "inbox_id", "team_id", "agent_id"),
    *("started_by", "started_at", "started_date", "ended_by", "ended_at", "ended_date"),
    *("wait_seconds", "wait_business_seconds", "is_first_response", "is_next_response", "is_after_first_response"),
]


def fct_replies(facts: Facts) -> pd.DataFrame:
    """A row per wait; times cut to whole seconds, and None at the end of one that runs."""
    rows = [
        (
            *(facts.tenant_id, talk.talk_id, number, talk.inbox_id, talk.team_id),
            wait.agent_id if wait.ended_by == "human" else None,
            *(EVENTS[wait.begun_by], to_the_second(wait.begun_at), facts.local_date(wait.begun_at)),
            wait.ended_by and EVENTS[wait.ended_by],
            *((to_the_second(end), facts.local_date(end)) if (end := wait.ended_at) else (None, None)),
            wait.seconds,
            wait.ended_at and facts.open_seconds(talk.inbox_id, wait.begun_at, wait.ended_at),
            wait.is_first_response,
            wait.ended_by == "human" and not wait.is_first_response,
            wait.is_after_first_response,
        )
        for talk in talks(facts)
        for number, wait in enumerate(talk.waits(), start=1)
    ]
    return pd.DataFrame(rows, columns=WAITS, dtype=object)
