"""fct_feedback: what customers answered when they were asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.people import people
from tests.oracle.timeline import to_the_second

ANSWERS = [
    *("tenant_id", "source", "answer_id", "kind", "score", "category", "conversation_id", "person_id"),
    *("inbox_id", "agent_id", "has_comment", "answered_at", "answered_date"),
]
# kind -> the lowest score of each category, the best first
CATEGORIES = {
    "nps": {9: "promoter", 7: "passive", 0: "detractor"},
    "csat": {4: "satisfied", 3: "neutral", 1: "dissatisfied"},
}


@dataclass(frozen=True)
class Answer:
    """One answer with a score in its range: nps 0 to 10, csat 1 to 5. `talk` None: it is gone."""

    source: str
    answer_id: str
    kind: str
    score: int
    comment: str | None
    answered_at: datetime
    talk: Any
    # whom Chatwoot credits
    credited: int | None = None

    @property
    def inbox_id(self) -> int | None:
        return self.talk and self.talk.inbox_id

    @property
    def agent_id(self) -> int | None:
        return self.credited if self.source == "chatwoot" else self.talk and self.talk.agent_id


def category(kind: str, score: int) -> str:
    return next(name for lowest, name in CATEGORIES[kind].items() if score >= lowest)


def answers(facts: Facts) -> Iterator[Answer]:
    """The bot's, each for NPS, satisfaction or both, and Chatwoot's, as last corrected, when first given."""
    talks = {talk.talk_id: talk for talk in facts.talks.itertuples(index=False)}
    for row in facts.feedback.itertuples(index=False):
        given = row.feedback_id, row.comment, row.created_at, talks.get(row.talk_id)
        for kind, score, lowest, highest in (("nps", row.nps_score, 0, 10), ("csat", row.score, 1, 5)):
            if score is not None and lowest <= score <= highest:
                yield Answer("bot", given[0], kind, score, *given[1:])
    for row in facts.csat.itertuples(index=False):
        # Chatwoot's API tells whole seconds
        given = row.comment, to_the_second(row.created_at), talks.get(row.talk_id), row.agent_id
        yield Answer("chatwoot", str(row.response_id), "csat", row.rating, *given)


def fct_feedback(facts: Facts) -> pd.DataFrame:
    """One row per answer and kind."""
    person_of = {talk.talk_id: person.person_id for person in people(facts) for talk in person.talks}
    rows = [
        (
            *(facts.tenant_id, answer.source, answer.answer_id, answer.kind, answer.score),
            category(answer.kind, answer.score),
            *((answer.talk.talk_id, person_of[answer.talk.talk_id]) if answer.talk else (None, None)),
            *(answer.inbox_id, answer.agent_id, bool(answer.comment)),
            *(answer.answered_at, facts.local_date(answer.answered_at)),
        )
        for answer in answers(facts)
    ]
    return pd.DataFrame(rows, columns=ANSWERS, dtype=object)
