"""The rules of a vertical: `rules/common.yaml` with the vertical's own file on top, compiled once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from analyzers.phrases import PhraseIndex

RULES = Path(__file__).parent / "rules"
VERTICALS = ("gym", "clinic", "shop", "other")


@dataclass(frozen=True, slots=True)
class Signal:
    """Something said that moves the points; `says` is how the reasoning puts it.

    `question`: it counts only in a sentence that ends in a question mark, or as the sentence's first words.
    """

    name: str
    says: str
    points: float
    intent: str | None
    never: bool = False
    question: bool = False


@dataclass(frozen=True, slots=True)
class Handoff:
    """A reason why a human took over: words of one speaker, or a signal that was seen."""

    name: str
    by: str
    phrases: bool
    signal: str | None


@dataclass(frozen=True)
class Rules:
    """What `RegexAnalyzer` reads with. Rule names in the indexes are prefixed by their kind ("signal:pricing")."""

    lead_at: float
    lead_probability: tuple[tuple[float, float], ...]
    """Points and the probability, 0 to 5, that they stand for, by points."""
    visit_confidence: Mapping[str, float]
    points: Mapping[str, float]
    signals: Mapping[str, Signal]
    handoffs: tuple[Handoff, ...]
    goals: tuple[str, ...]
    conditions: tuple[str, ...]
    replies: Mapping[str, str | None]
    customer: PhraseIndex
    staff: PhraseIndex
    other_intents: tuple[str, ...]
    intents: tuple[str, ...]
    """Which of several intents is the main one, first to last."""
    about_own: frozenset[str]
    """Intents that a customer has who asks about what they already have."""


@dataclass
class _Draft:
    phrases: dict[str, list[str]] = field(default_factory=dict)
    excepting: dict[str, list[str]] = field(default_factory=dict)

    def add(self, rule: str, phrases: list[str], excepting: list[str] | None = None) -> None:
        self.phrases.setdefault(rule, []).extend(phrases)
        if excepting:
            self.excepting.setdefault(rule, []).extend(excepting)


@cache
def load_rules(vertical: str) -> Rules:
    """The compiled rules of a vertical."""
    common, own = _read("common"), _read(vertical)
    signals: dict[str, Signal] = {}
    customer, staff = _Draft(), _Draft()
    for section, source in (("signals", common), ("contexts", common), ("signals", own), ("contexts", own)):
        for entry in source.get(section) or []:
            if vertical not in entry.get("verticals", VERTICALS):
                continue
            known = signals.get(entry["name"])
            signals[entry["name"]] = Signal(
                name=entry["name"],
                says=entry.get("says") or (known.says if known else entry["name"]),
                points=entry.get("points", known.points if known else 0.0),
                intent=entry.get("intent", known.intent if known else None),
                never=entry.get("never", known.never if known else False),
                question=entry.get("question", known.question if known else False),
            )
            (staff if entry.get("by") == "house" else customer).add(
                f"signal:{entry['name']}", entry["phrases"], entry.get("except")
            )

    visit = _merged_lists(common["visit"], own.get("visit") or {})
    for name in (rule for rule in visit if not rule.endswith("_except")):
        for draft in (customer, staff):
            draft.add(f"visit:{name}", visit[name], visit.get(f"{name}_except"))

    handoffs: list[Handoff] = []
    for entry in common["handoffs"]:
        phrases = entry.get("phrases") or []
        handoffs.append(Handoff(entry["name"], entry["by"], bool(phrases), entry.get("context") or entry.get("signal")))
        if entry.get("intent"):
            signals["human_agent"] = Signal("human_agent", "pede um atendente", 0.0, entry["intent"])
            customer.add("signal:human_agent", phrases)
        if phrases:
            (customer if entry["by"] == "customer" else staff).add(f"handoff:{entry['name']}", phrases)

    names: dict[str, list[str]] = {}
    for kind in ("goals", "conditions"):
        entries = [*(common.get(kind) or []), *(own.get(kind) or [])]
        names[kind] = [entry["name"] for entry in entries]
        for entry in entries:
            customer.add(f"{kind}:{entry['name']}", entry["phrases"], entry.get("except"))
    for mood in ("positive", "negative"):
        customer.add(f"mood:{mood}", common["sentiment"][mood], common["sentiment"].get(f"{mood}_except"))
    customer.add("greeting", common["greetings"])
    for intent, phrases in common["other_intents"].items():
        customer.add(f"intent:{intent}", phrases)

    words, spellings = common["words"], common["spellings"]
    return Rules(
        lead_at=float(common["lead_at"]),
        lead_probability=tuple((float(points), float(chance)) for points, chance in common["lead_probability"]),
        visit_confidence={name: float(share) for name, share in common["visit_confidence"].items()},
        points={name: float(points) for name, points in common["points"].items()},
        signals=signals,
        handoffs=tuple(handoffs),
        goals=tuple(names["goals"]),
        conditions=tuple(names["conditions"]),
        replies={**common["replies"], **(own.get("replies") or {})},
        customer=PhraseIndex(customer.phrases, customer.excepting, words, spellings),
        staff=PhraseIndex(staff.phrases, staff.excepting, words, spellings),
        intents=tuple(common["intents"]),
        about_own=frozenset(common["about_what_they_have"]),
        other_intents=tuple(common["other_intents"]),
    )


@cache
def rules_version() -> str:
    """The version in common.yaml and a digest of all rule files: any change has every conversation read again."""
    digest = hashlib.sha256()
    for path in sorted(RULES.glob("*.yaml")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"rules-{_read('common')['version']}-{digest.hexdigest()[:8]}"


@cache
def _read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((RULES / f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def _merged_lists(common: Mapping[str, list[str]], own: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: [*(common.get(name) or []), *(own.get(name) or [])] for name in {*common, *own}}
