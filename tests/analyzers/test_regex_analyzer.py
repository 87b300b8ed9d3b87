"""The rules against conversations of our own writing, and the promises of the interface."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from analyzers import AnalysisResult, RegexAnalyzer, Transcript, TranscriptMessage
from analyzers.rules import VERTICALS, load_rules

ZONE = ZoneInfo("America/Sao_Paulo")
BEGAN = datetime(2025, 3, 12, 10, 0, tzinfo=ZONE)
SPEAKERS = {"c": "customer", "h": "human", "b": "bot"}
TALKS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "talks.yaml").read_text(encoding="utf-8"))


def transcript(say: list[str], vertical: str = "gym", *, began: datetime = BEGAN, zone: str = ZONE.key) -> Transcript:
    messages = []
    for minute, line in enumerate(say):
        speaker, content = line.split(": ", 1)
        messages.append(TranscriptMessage(SPEAKERS[speaker], content, began + timedelta(minutes=minute)))  # type: ignore[arg-type]
    return Transcript("box", "chatwoot-1", vertical, zone, tuple(messages))


def read(say: list[str], vertical: str = "gym", **options: Any) -> AnalysisResult:
    return RegexAnalyzer().analyze([transcript(say, vertical, **options)])[0]


@pytest.mark.parametrize("talk", TALKS, ids=[f"{talk['vertical']}: {' / '.join(talk['say'])[:70]}" for talk in TALKS])
def test_reads_what_a_person_would(talk: dict[str, Any]) -> None:
    expected = {name: value for name, value in talk.items() if name not in ("vertical", "say")}
    if "visit_at" in expected:
        expected["visit_scheduled"] = True
        expected["visit_at"] = datetime.fromisoformat(expected["visit_at"]).replace(tzinfo=ZONE)
    result = read(talk["say"], talk["vertical"])
    assert {name: getattr(result, name) for name in expected} == expected, result.reasoning


def test_a_day_is_the_tenants_day_not_utcs() -> None:
    """At 01:30 UTC on the 13th it is still the 12th in São Paulo: "amanhã" is the 13th there."""
    late = datetime(2025, 3, 13, 1, 30, tzinfo=UTC)
    say = ["c: quero fazer uma aula amanhã às 15h", "h: Pode sim, te esperamos!"]
    assert read(say, began=late).visit_at == datetime(2025, 3, 13, 18, 0, tzinfo=UTC)
    assert read(say, began=late, zone="Europe/Lisbon").visit_at == datetime(2025, 3, 14, 15, 0, tzinfo=UTC)


def test_results_come_one_per_transcript_in_order_and_name_their_conversation() -> None:
    batch = [
        Transcript("box", f"chatwoot-{number}", "gym", ZONE.key, transcript(["c: quanto custa?"]).messages)
        for number in range(50)
    ]
    results = RegexAnalyzer().analyze(batch)
    assert [result.conversation_id for result in results] == [item.conversation_id for item in batch]
    assert {result.engine for result in results} == {"regex"}
    assert all(result.prompt_version.startswith("rules-") and result.model is None for result in results)


def test_reads_the_same_thing_the_same_way() -> None:
    for talk in TALKS:
        first, second = (read(talk["say"], talk["vertical"]).model_dump(exclude={"latency_ms"}) for _ in range(2))
        assert first == second


@pytest.mark.parametrize("vertical", VERTICALS)
def test_every_vertical_has_rules_that_compile_and_a_reply_for_every_intent(vertical: str) -> None:
    rules = load_rules(vertical)
    intents = {signal.intent for signal in rules.signals.values() if signal.intent} | {"greeting", "other"}
    assert intents <= set(rules.replies)


@pytest.mark.parametrize(
    "content",
    [
        "",
        " ",
        "👍" * 500,
        "\ud83d",
        "a" * 200_000,
        "não " * 5000,
        "?" * 10_000,
        "12/12/" * 3000,
        "İıßﬁÅ" * 100,
        "\x00\n\t",
    ],
    ids=[
        "empty",
        "space",
        "emoji",
        "half an emoji",
        "one long word",
        "nots",
        "marks",
        "slashes",
        "odd letters",
        "control",
    ],
)
def test_survives_what_people_send(content: str) -> None:
    began = time.perf_counter()
    result = read([f"c: {content}"])
    assert 0 <= result.lead_probability <= 5
    assert time.perf_counter() - began < 1


def test_hash_changes_with_what_is_read_and_with_nothing_else() -> None:
    original = transcript(["c: oi", "h: olá"])
    same = transcript(["c: oi", "h: olá"])
    assert original.content_hash == same.content_hash
    elsewhere = Transcript("other", "bot-9", "gym", ZONE.key, original.messages)
    assert elsewhere.content_hash == original.content_hash
    in_utc = tuple(TranscriptMessage(m.speaker, m.content, m.sent_at.astimezone(UTC)) for m in original.messages)
    assert Transcript("box", "chatwoot-1", "gym", ZONE.key, in_utc).content_hash == original.content_hash
    others = [
        transcript(["c: oi", "h: ola"]),
        transcript(["c: oi", "c: olá"]),
        transcript(["c: oi"]),
        transcript(["c: oi", "h: olá"], "clinic"),
        transcript(["c: oi", "h: olá"], zone="America/Manaus"),
        transcript(["c: oi", "h: olá"], began=BEGAN + timedelta(days=1)),
    ]
    assert len({original.content_hash, *(other.content_hash for other in others)}) == len(others) + 1


def test_reads_more_than_two_thousand_conversations_a_second() -> None:
    batch = [transcript(talk["say"] * 2 or ["c: oi"], talk["vertical"]) for talk in TALKS] * 10
    analyzer = RegexAnalyzer()
    analyzer.analyze(batch[: len(TALKS)])  # compiles the rules
    began = time.process_time()
    analyzer.analyze(batch)
    assert len(batch) / (time.process_time() - began) > 2000
