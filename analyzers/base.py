"""The one interface behind which conversations are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from analyzers.result import AnalysisResult
from analyzers.transcript import Transcript

Item = Transcript | AnalysisResult
"""What a reader is handed: a transcript to read, or a result that somebody else has read already and that passes through."""

T = TypeVar("T")


class Analyzer(ABC):
    """Reads transcripts. An engine implements `read`; whoever has a handful of transcripts calls `analyze`."""

    engine: str
    model: str | None
    prompt_version: str

    @abstractmethod
    def read(self, items: Iterable[Item]) -> Iterator[list[AnalysisResult]]:
        """A result per item, in small groups as they come, in any order.

        Lazy on both sides: items are taken in the thread of whoever asks for the next group, and only as many as are
        worked on at once. Whoever keeps each group before asking for the next one therefore never has more paid and
        unsaved results than requests at once, and memory stays flat for any number of conversations.
        """

    def analyze(self, batch: Sequence[Transcript]) -> list[AnalysisResult]:
        """A result per transcript, in the same order."""
        found: defaultdict[tuple[str, str], deque[AnalysisResult]] = defaultdict(deque)
        for group in self.read(batch):
            for result in group:
                found[result.conversation_id, result.content_hash].append(result)
        return [found[transcript.conversation_id, transcript.content_hash].popleft() for transcript in batch]

    @property
    def version(self) -> str:
        """Everything about the analyzer that decides what it says: a change has conversations read again."""
        return version_of(self.engine, self.model, self.prompt_version)

    def version_for(self, transcript: Transcript) -> str:
        """The version of whoever this analyzer has read this transcript."""
        return self.version

    def still_stands(self, transcript: Transcript, asked_of: str, answered_by: str) -> bool:
        """Whether an earlier result of the same content is as good as a new one (see `AnalysisResult.asked_of`)."""
        return asked_of == self.version_for(transcript)


def version_of(engine: str, model: str | None, prompt_version: str) -> str:
    """How a version is written; the warehouse writes those of its older rows the same way."""
    return f"{engine}/{model or '-'}/{prompt_version}"


def groups(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`, the last one shorter; taken as they are asked for."""
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group
