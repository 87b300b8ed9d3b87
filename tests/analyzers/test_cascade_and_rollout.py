"""Who reads what: a cascade over two analyzers, and a rollout of one."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers import (
    AnalysisResult,
    Analyzer,
    CascadeAnalyzer,
    Item,
    RegexAnalyzer,
    RolloutAnalyzer,
    Transcript,
    TranscriptMessage,
    calibrate_threshold,
)
from analyzers.base import groups

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


def transcript(number: int, content: str = "oi") -> Transcript:
    messages = (TranscriptMessage("customer", content, AT),)
    return Transcript("box", f"chatwoot-{number}", "gym", "America/Sao_Paulo", messages)


class Sure(Analyzer):
    """Answers by the rules under a name of its own, as sure as `confidence` says of the conversation's number."""

    model = None

    def __init__(self, engine: str, confidence: dict[int, float] | None = None, *, group: int = 7) -> None:
        self.engine, self.prompt_version, self._confidence, self._group = engine, "1", confidence or {}, group
        self.asked: list[str] = []

    def read(self, items: Iterable[Item]) -> Iterator[list[AnalysisResult]]:
        for group in groups(items, self._group):
            yield [item if isinstance(item, AnalysisResult) else self._read(item) for item in reversed(group)]

    def _read(self, item: Transcript) -> AnalysisResult:
        self.asked.append(item.conversation_id)
        number = int(item.conversation_id.removeprefix("chatwoot-"))
        own = {"engine": self.engine, "prompt_version": "1", "asked_of": self.version}
        result = RegexAnalyzer().analyze([item])[0]
        return result.model_copy(update={**own, "confidence": self._confidence.get(number)})


def test_the_first_answers_what_it_is_sure_of_and_the_second_the_rest() -> None:
    first, second = Sure("small", {n: n / 100 for n in range(100)}), Sure("large")
    cascade = CascadeAnalyzer(first, second, 0.6)
    batch = [transcript(number) for number in range(100)]
    results = cascade.analyze(batch)
    assert [result.conversation_id for result in results] == [item.conversation_id for item in batch]
    assert [result.engine for result in results] == ["large"] * 60 + ["small"] * 40
    assert {result.asked_of for result in results} == {cascade.version}
    assert len(second.asked) == 60


def test_who_cannot_tell_how_sure_it_is_is_not_sure() -> None:
    cascade = CascadeAnalyzer(Sure("small"), Sure("large"), 0.0)
    assert cascade.analyze([transcript(1)])[0].engine == "large"


def test_a_first_stage_trained_again_does_not_ask_the_second_again() -> None:
    first, second = Sure("small", {1: 0.9}), Sure("large")
    before = CascadeAnalyzer(first, second, 0.8)
    by_first, by_second = before.analyze([transcript(1), transcript(2)])
    after = CascadeAnalyzer(first, second, 0.85)
    assert not after.still_stands(transcript(1), by_first.asked_of, first.version)
    assert after.still_stands(transcript(2), by_second.asked_of, second.version)
    assert before.still_stands(transcript(1), by_first.asked_of, first.version)


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9]), st.booleans())), st.floats(0.5, 1))
def test_the_threshold_takes_as_many_as_are_right_often_enough(
    cases: list[tuple[float, bool]], accuracy: float
) -> None:
    threshold = calibrate_threshold([c for c, _ in cases], [right for _, right in cases], accuracy=accuracy)

    def good(least: float) -> bool:
        taken = [right for confidence, right in cases if confidence >= least]
        return bool(taken) and sum(taken) >= accuracy * len(taken)

    # by trying all of them
    assert threshold == min((least for least, _ in cases if good(least)), default=1.1)


def test_the_rollout_takes_a_stable_share() -> None:
    batch = [transcript(number) for number in range(2000)]

    def chosen(percent: float) -> set[str]:
        results = RolloutAnalyzer(Sure("new"), RegexAnalyzer(), percent).analyze(batch)
        return {result.conversation_id for result in results if result.engine == "new"}

    ten, twenty = chosen(10), chosen(20)
    assert ten == chosen(10)
    assert ten < twenty
    assert 150 < len(ten) < 250
    assert 330 < len(twenty) < 470
    assert chosen(0) == set()
    assert len(chosen(100)) == 2000


def test_moving_the_rollout_reads_again_only_what_lies_between() -> None:
    new, rules = Sure("new"), RegexAnalyzer()
    before, after = RolloutAnalyzer(new, rules, 10), RolloutAnalyzer(new, rules, 20)
    batch = [transcript(number) for number in range(500)]
    results = before.analyze(batch)
    moved = {
        item.conversation_id
        for item, result in zip(batch, results, strict=True)
        if not after.still_stands(item, result.asked_of, result.asked_of)
    }
    now_chosen = {r.conversation_id for r in after.analyze(batch) if r.engine == "new"}
    assert moved == now_chosen - {result.conversation_id for result in results if result.engine == "new"}
    assert moved


def test_a_rollout_of_a_cascade() -> None:
    cascade = CascadeAnalyzer(Sure("small", dict.fromkeys(range(0, 300, 2), 1.0)), Sure("large"), 0.9)
    results = RolloutAnalyzer(cascade, RegexAnalyzer(), 50).analyze([transcript(number) for number in range(300)])
    engines = {result.engine for result in results}
    assert engines == {"small", "large", "regex"}
    for result in results:
        assert (result.asked_of == cascade.version) == (result.engine != "regex")


@pytest.mark.parametrize("percent", [1, 50])
def test_memory_stays_flat_however_many_there_are(percent: float) -> None:
    analyzer = RolloutAnalyzer(CascadeAnalyzer(Sure("small", group=32), Sure("large"), 0.5), RegexAnalyzer(), percent)

    def peak(count: int) -> int:
        tracemalloc.start()
        done = sum(len(group) for group in analyzer.read(transcript(number) for number in range(count)))
        assert done == count
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(50)
    assert peak(1500) < peak(300) * 1.5 + 100_000
