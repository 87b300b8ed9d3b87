"""Two analyzers in a row: the first answers what it is sure of, the second all the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from analyzers.base import Analyzer, Item, groups
from analyzers.result import AnalysisResult
from analyzers.transcript import Transcript

_LOOK_AHEAD = 32  # transcripts the first stage is handed at once


class CascadeAnalyzer(Analyzer):
    """`first` is local and quick and gives a `confidence`; what it gives with at least `threshold` stands.

    Where the first stage changes (a model trained again, another threshold), it reads again; what the second has answered
    still stands and is not paid for again.
    """

    engine = "cascade"

    def __init__(self, first: Analyzer, second: Analyzer, threshold: float) -> None:
        self.first, self.second, self.threshold = first, second, threshold
        self.model = second.model
        stages = f"{first.version}+{second.version}@{threshold:.4f}"
        self.prompt_version = "cascade-" + hashlib.sha256(stages.encode()).hexdigest()[:8]

    def read(self, items: Iterable[Item]) -> Iterator[list[AnalysisResult]]:
        """See `Analyzer.read`."""
        with_second: set[str] = set()
        for group in self.second.read(self._unsure(items, with_second)):
            yield [self._asked_here(result, with_second) for result in group]

    def still_stands(self, transcript: Transcript, asked_of: str, answered_by: str) -> bool:
        return asked_of == self.version or self.second.still_stands(transcript, answered_by, answered_by)

    def _unsure(self, items: Iterable[Item], with_second: set[str]) -> Iterator[Item]:
        for group in groups(items, _LOOK_AHEAD):
            transcripts = [item for item in group if not isinstance(item, AnalysisResult)]
            firsts = iter(self.first.analyze(transcripts))
            for item in group:
                if isinstance(item, AnalysisResult):
                    yield item
                    continue
                result = next(firsts)
                if result.confidence is not None and result.confidence >= self.threshold:
                    yield result.model_copy(update={"asked_of": self.version})
                else:
                    with_second.add(item.conversation_id)
                    yield item

    def _asked_here(self, result: AnalysisResult, with_second: set[str]) -> AnalysisResult:
        if result.conversation_id not in with_second:
            return result
        with_second.discard(result.conversation_id)
        return result.model_copy(update={"asked_of": self.version})


def calibrate_threshold(confidences: Sequence[float], correct: Sequence[bool], *, accuracy: float) -> float:
    """The lowest threshold at which what the first stage is sure of is right in at least this share of labelled cases.

    Takes as many as it can: every answer at or above the threshold counts, so equal confidences stand or fall together. 1.1,
    which nothing reaches, if no threshold is good enough. Raises ValueError if the two differ in length.
    """
    best, right = 1.1, 0
    by_confidence = sorted(zip(confidences, correct, strict=True), reverse=True)
    for position, (confidence, is_right) in enumerate(by_confidence, start=1):
        right += is_right
        last_of_its_kind = position == len(by_confidence) or by_confidence[position][0] < confidence
        if last_of_its_kind and right >= accuracy * position:
            best = confidence
    return best
