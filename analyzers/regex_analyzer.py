"""The engine that needs nothing: rules in Brazilian Portuguese, read from `rules/*.yaml`."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from analyzers.asking import chosen_option, is_asked
from analyzers.base import Analyzer, Item, groups
from analyzers.dates import mentions_time
from analyzers.names import answered_name, asks_name, find_name
from analyzers.negation import is_denied
from analyzers.result import AnalysisResult, Intent, Sentiment
from analyzers.rules import Rules, load_rules, rules_version
from analyzers.text import compose, fold
from analyzers.transcript import Transcript, TranscriptMessage
from analyzers.visits import Remark, VisitTracker

_ENDS = re.compile(r"[.!?\n]")
_LONGEST_MESSAGE = 4000
_GROUP = 100
_NOTHING_SAID_POINTS = 0.5
_MOST = 5.0


@dataclass(slots=True)
class _Notes:
    """What has been noticed while reading."""

    signals: dict[str, None] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)
    handoffs: set[str] = field(default_factory=set)
    goal: str | None = None
    condition: str | None = None
    name: str | None = None
    mood: int = 0
    greeted: bool = False
    customer_wrote: bool = False
    bot_wrote: bool = False
    human_after_bot: bool = False


class RegexAnalyzer(Analyzer):
    """Reads thousands of conversations a second; its prompt version is the version of the rules."""

    engine = "regex"
    model: str | None = None

    def __init__(self) -> None:
        self.prompt_version = rules_version()

    def read(self, items: Iterable[Item]) -> Iterator[list[AnalysisResult]]:
        """In order; see `Analyzer.read`."""
        for group in groups(items, _GROUP):
            yield [item if isinstance(item, AnalysisResult) else self._read(item) for item in group]

    def _read(self, transcript: Transcript) -> AnalysisResult:
        began = time.perf_counter()
        rules = load_rules(transcript.vertical)
        zone = _zone(transcript.timezone)
        notes, visit = _Notes(), VisitTracker(zone)
        name_asked, offered = False, ""
        for message in transcript.messages:
            composed = compose(message.content[:_LONGEST_MESSAGE])
            if message.speaker == "customer":
                composed = chosen_option(offered, composed)
            else:
                offered = composed
            folded = fold(composed)
            if message.speaker == "customer":
                notes.customer_wrote = True
                if notes.name is None:
                    notes.name = find_name(composed, folded) or (answered_name(composed) if name_asked else None)
            else:
                notes.bot_wrote = notes.bot_wrote or message.speaker == "bot"
                notes.human_after_bot = notes.human_after_bot or (message.speaker == "human" and notes.bot_wrote)
            name_asked = message.speaker != "customer" and asks_name(folded)
            _note(notes, visit, rules, message, folded)
        points = _points(notes, visit, rules)
        is_lead, probability = points >= rules.lead_at, _probability(points, rules)
        intent = _intent(notes, rules, visit_agreed=visit.agreed, is_lead=is_lead)
        # a supplier or a job seeker may come, but not as a customer
        visit_agreed = visit.agreed and not _never(notes, rules)
        visit_at = visit.instant() if visit_agreed else None
        return AnalysisResult(
            is_lead=is_lead,
            lead_probability=probability,
            visit_scheduled=visit_agreed,
            visit_at=visit_at,
            intent=intent,
            sentiment=_sentiment(notes),
            contact_name=notes.name,
            goal=notes.goal,
            condition=notes.condition,
            handoff_reason=_handoff_reason(notes, rules),
            reasoning=_reasoning(notes, rules, visit_agreed, visit_at),
            suggested_reply=_reply(notes, rules, visit_agreed, intent),
            conversation_id=transcript.conversation_id,
            content_hash=transcript.content_hash,
            engine=self.engine,
            model=self.model,
            prompt_version=self.prompt_version,
            asked_of=self.version,
            confidence=_confidence(probability, visit, rules),
            messages=len(transcript.messages),
            latency_ms=(time.perf_counter() - began) * 1000,
        )


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _note(notes: _Notes, visit: VisitTracker, rules: Rules, message: TranscriptMessage, folded: str) -> None:
    """Takes one message into the notes."""
    by_customer = message.speaker == "customer"
    stated: set[str] = set()
    asked: set[str] = set()
    for hit in (rules.customer if by_customer else rules.staff).find(folded):
        kind, _, name = hit.rule.partition(":")
        if kind == "visit":
            end = _ENDS.search(folded, hit.end)
            (asked if end is not None and end[0] == "?" else stated).add(name)
        elif kind == "handoff":
            notes.handoffs.add(name)
        elif kind == "greeting":
            notes.greeted = True
        elif is_denied(folded, hit.start):
            continue
        elif kind == "signal":
            if not rules.signals[name].question or is_asked(folded, hit.start, hit.end):
                notes.signals[name] = None
        elif kind == "goals":
            notes.goal = notes.goal or name
        elif kind == "conditions":
            notes.condition = notes.condition or name
        elif kind == "mood":
            notes.mood += 1 if name == "positive" else -2
        else:
            notes.others[name] = None
    has_time = mentions_time(folded)
    if stated or asked or has_time:
        visit.hear(Remark(by_customer, folded, message.sent_at, stated, asked, has_time, "?" in folded))
    else:
        visit.pass_over(by_customer=by_customer)


def _never(notes: _Notes, rules: Rules) -> bool:
    return any(rules.signals[name].never for name in notes.signals)


def _points(notes: _Notes, visit: VisitTracker, rules: Rules) -> float:
    if _never(notes, rules) or not notes.customer_wrote:
        return 0.0
    known = notes.signals.keys() & {"reschedule", "existing_customer", "reminded"}
    extras = {"goal": notes.goal, "condition": notes.condition, "visit": visit.agreed and not known}
    points = sum(rules.signals[name].points for name in notes.signals) + sum(
        rules.points[name] for name, given in extras.items() if given
    )
    return points or _NOTHING_SAID_POINTS


def _probability(points: float, rules: Rules) -> float:
    """0 to 5, by straight lines between the rules' points."""
    line = rules.lead_probability
    if points <= line[0][0]:
        return line[0][1]
    for (left, low), (right, high) in pairwise(line):
        if points <= right:
            return round(low + (high - low) * (points - left) / (right - left), 2)
    return line[-1][1]


def _confidence(probability: float, visit: VisitTracker, rules: Rules) -> float:
    """How sure it is that both answers are right: that on the lead, and that on the visit."""
    of_lead = max(probability, _MOST - probability) / _MOST
    return round(of_lead * rules.visit_confidence["talked_of" if visit.talked_of else "not_talked_of"], 3)


def _intent(notes: _Notes, rules: Rules, *, visit_agreed: bool, is_lead: bool) -> Intent:
    """The first of the rules' order that somebody showed; of a customer who asks about what they have, only some count."""
    shown = {intent for name in notes.signals if (intent := rules.signals[name].intent)} | notes.others.keys()
    if settled := {rules.signals[name].intent for name in notes.signals if rules.signals[name].never}:
        shown &= settled
    elif visit_agreed:
        shown.add("schedule_visit")
    elif not is_lead and "existing_customer" in notes.signals:
        shown &= rules.about_own
    for intent in rules.intents:
        if intent in shown:
            return intent  # type: ignore[return-value]
    return "greeting" if notes.greeted and not notes.signals else "other"


def _sentiment(notes: _Notes) -> Sentiment:
    if notes.mood < 0 or "complaint" in notes.signals:
        return "negative"
    return "positive" if notes.mood > 0 else "neutral"


def _handoff_reason(notes: _Notes, rules: Rules) -> str | None:
    if not notes.bot_wrote or not (notes.human_after_bot or notes.handoffs):
        return None
    for handoff in rules.handoffs:
        if handoff.name in notes.handoffs or (handoff.signal in notes.signals and notes.human_after_bot):
            return handoff.name
    return None


def _reasoning(notes: _Notes, rules: Rules, visit_agreed: bool, visit_at: datetime | None) -> str:
    if not notes.customer_wrote:
        return "O cliente não escreveu."
    said = [rules.signals[name].says for name in notes.signals]
    text = ", ".join(said[:4]) if said else "nenhum sinal de compra no que o cliente escreveu"
    if visit_agreed:
        when = f" para {visit_at:%d/%m às %H:%M}" if visit_at is not None else ""
        text = f"{text}; visita combinada{when}"
    return f"{text[0].upper()}{text[1:]}."


def _reply(notes: _Notes, rules: Rules, visit_agreed: bool, intent: Intent) -> str | None:
    template = rules.replies.get("visit_scheduled" if visit_agreed else intent)
    if template is None:
        return None
    return template.replace("{name}", f", {notes.name.split()[0]}" if notes.name else "")
