"""The marts of the bot: how far it gets alone, why it gives up, what its model takes messages for, and what that costs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.people import people
from tests.oracle.timeline import Talk, cut, talks

NONE = "(none)"
# US dollars per million tokens, in and out
PRICES: Mapping[str, tuple[Decimal, Decimal]] = {
    "gpt-4.1-mini": (Decimal("0.40"), Decimal("1.60")),
    "gpt-4o-mini": (Decimal("0.15"), Decimal("0.60")),
}
DAILY = [
    *("tenant_id", "created_date", "inbox_id", "playbook", "conversations", "closed", "closed_without_human"),
    *("autonomy", "handed_off", "handoff_rate", "customers", "effectiveness"),
]
HANDOFFS = ["tenant_id", "handed_off_date", "inbox_id", "reason", "handoffs", "answered"]
INTENTS = [
    *("tenant_id", "month", "intent", "validated_intent", "readings", "mean_confidence", "is_correct"),
    *("share_of_validated", "share_of_intent"),
]
LLM = [
    *("tenant_id", "date_day", "model", "calls", "conversations", "prompt_tokens", "completion_tokens"),
    *("cost_usd", "calls_without_price", "latency_mean_ms", "latency_median_ms", "latency_p95_ms"),
    *("mean_confidence", "validated", "correct", "intent_accuracy"),
]


@dataclass(frozen=True)
class BotTalk:
    talk: Talk
    day: date
    playbook: str | None
    closed: bool
    alone: bool
    handed_off_at: datetime | None
    reason: str | None
    won: bool


def bot_talks(facts: Facts) -> list[BotTalk]:
    """Each talk in which a bot took part."""
    of_bot = {row.talk_id: row for row in facts.bot_talks.itertuples(index=False)}
    closed = dict(zip(facts.talks["talk_id"], facts.talks["closed"], strict=True))
    playbook_of = {talk_id: row.playbook for talk_id, row in of_bot.items()}
    won = _winning_talks(facts, playbook_of)
    found = []
    for talk in talks(facts):
        if (row := of_bot.get(talk.talk_id)) is None:
            continue
        given = [*talk.times("handed_off"), *([] if row.handoff_at is None else [row.handoff_at])]
        found.append(
            BotTalk(
                talk,
                facts.local_date(talk.created_at),
                row.playbook,
                bool(closed[talk.talk_id]),
                talk.first_human_reply_at is None,
                min(given, default=None),
                row.handoff_reason,
                talk.talk_id in won,
            )
        )
    return found


def _winning_talks(facts: Facts, playbook_of: Mapping[str, Any]) -> set[str]:
    """Of each customer and playbook, the last talk that began before they became a customer."""
    winning = set()
    for person in people(facts):
        if (since := person.became_customer_at) is None:
            continue
        before = [t for t in person.talks if t.talk_id in playbook_of and cut(t.created_at) <= since.timestamp()]
        last = {playbook_of[t.talk_id]: t for t in sorted(before, key=lambda t: (cut(t.created_at), t.talk_id))}
        winning |= {talk.talk_id for talk in last.values()}
    return winning


def bot_daily(facts: Facts) -> pd.DataFrame:
    """One row per local day of creation, inbox and playbook in which a bot took part in a talk."""
    groups: dict[tuple[Any, ...], Counter[str]] = {}
    for talk in bot_talks(facts):
        count = groups.setdefault((talk.day, talk.talk.inbox_id, talk.playbook), Counter())
        count["conversations"] += 1
        count["closed"] += talk.closed
        count["alone"] += talk.closed and talk.alone
        count["handed_off"] += talk.handed_off_at is not None
        count["customers"] += talk.won
    rows = [
        (
            *(facts.tenant_id, *key, count["conversations"], count["closed"], count["alone"]),
            *(_ratio(count["alone"], count["closed"]), count["handed_off"]),
            *(_ratio(count["handed_off"], count["conversations"]), count["customers"]),
            _ratio(count["customers"], count["conversations"]),
        )
        for key, count in groups.items()
    ]
    return pd.DataFrame(rows, columns=DAILY, dtype=object)


def bot_handoffs_daily(facts: Facts) -> pd.DataFrame:
    """One row per local day, inbox and reason of a first hand-off."""
    groups: dict[tuple[Any, ...], Counter[str]] = {}
    for talk in bot_talks(facts):
        if talk.handed_off_at is not None:
            key = (facts.local_date(talk.handed_off_at), talk.talk.inbox_id, talk.reason or NONE)
            groups.setdefault(key, Counter()).update(handoffs=1, answered=int(not talk.alone))
    rows = [(facts.tenant_id, *key, count["handoffs"], count["answered"]) for key, count in groups.items()]
    return pd.DataFrame(rows, columns=HANDOFFS, dtype=object)


def bot_intents_monthly(facts: Facts) -> pd.DataFrame:
    """One row per month and pair of what the model said and what a person said."""
    cells: dict[tuple[Any, ...], list[Any]] = {}
    for row in facts.llm_interactions.itertuples(index=False):
        key = (facts.local_month(row.created_at), row.intent or NONE, row.validated_intent)
        cells.setdefault(key, []).append(row.confidence)
    of_truth, of_reading = Counter[Any](), Counter[Any]()
    for (month, said, was), group in cells.items():
        if was is not None:
            of_truth[month, was] += len(group)
            of_reading[month, said] += len(group)
    rows = [
        (
            *(facts.tenant_id, month, said, was, len(group), _mean(group)),
            *(
                (None, None, None)
                if was is None
                else (said == was, len(group) / of_truth[month, was], len(group) / of_reading[month, said])
            ),
        )
        for (month, said, was), group in cells.items()
    ]
    return pd.DataFrame(rows, columns=INTENTS, dtype=object)


def bot_llm_daily(facts: Facts) -> pd.DataFrame:
    """One row per local day and model of a call."""
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for row in facts.llm_interactions.itertuples(index=False):
        groups.setdefault((facts.local_date(row.created_at), row.model), []).append(row)
    rows = []
    for key, calls in groups.items():
        costs = [cost for call in calls if (cost := _cost(call)) is not None]
        waits = [call.latency_ms for call in calls if call.latency_ms is not None]
        judged = [call for call in calls if call.validated_intent is not None]
        right = sum(call.intent == call.validated_intent for call in judged)
        rows.append(
            (
                *(facts.tenant_id, *key, len(calls), len({call.bot_conversation_id for call in calls})),
                *(sum(call.prompt_tokens or 0 for call in calls), sum(call.completion_tokens or 0 for call in calls)),
                *(sum(costs, Decimal(0)) if costs else None, len(calls) - len(costs), _mean(waits)),
                *(float(np.percentile(waits, share)) if waits else None for share in (50, 95)),
                *(_mean([call.confidence for call in calls]), len(judged), right, _ratio(right, len(judged))),
            )
        )
    return pd.DataFrame(rows, columns=LLM, dtype=object)


def _cost(call: Any) -> Decimal | None:
    price = PRICES.get(re.sub(r"-\d{4}-\d\d-\d\d$", "", call.model or ""))
    if price is None or call.prompt_tokens is None or call.completion_tokens is None:
        return None
    return (int(call.prompt_tokens) * price[0] + int(call.completion_tokens) * price[1]) / 1_000_000


def _mean(values: Iterable[Any]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
