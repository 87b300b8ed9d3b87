"""What the source no longer has. Nothing announces it: a full read finds what is missing, a question confirms it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from sources.chatwoot.client import Row
from sources.chatwoot.errors import NotFound
from sources.chatwoot.work import Work
from warehouse.sync import Batch

# so many missing rows are asked for one by one; beyond, a read that was whole is believed
ASK_AT_MOST = 100
CHILDREN = ("messages", "csat_survey_responses", "reporting_events", "applied_slas", "sla_events")


@dataclass(frozen=True)
class Vanished:
    """Known ids that a full read did not show; `whole` says that it showed as many rows as the server counts."""

    ids: Collection[int]
    whole: bool


def gone_for_certain(work: Work, vanished: Vanished, ask: Callable[[int], Row]) -> tuple[set[int], list[Row]]:
    """Of the vanished, the ids that are gone, and the rows of those that are there after all."""
    ids = sorted(vanished.ids)

    def look(key: int) -> Row | None:
        try:
            return ask(key)
        except NotFound:
            return None

    asked, rest = ids[:ASK_AT_MOST], ids[ASK_AT_MOST:]
    answers = work.all([partial(look, key) for key in asked])
    gone = {key for key, answer in zip(asked, answers, strict=True) if answer is None}
    if vanished.whole:
        gone.update(rest)
    return gone, [answer for answer in answers if answer is not None]


def bury_conversations(batch: Batch, gone: Collection[int]) -> None:
    """Marks conversations, and all that belongs to them, as deleted."""
    if not gone:
        return
    keys = sorted(gone)
    batch.mark_deleted("raw_chatwoot.conversations", absent=keys)
    for table in CHILDREN:
        batch.mark_deleted(
            f"raw_chatwoot.{table}",
            present=(),
            where="target.conversation_id = any(%(conversations)s)",
            parameters={"conversations": keys},
        )
