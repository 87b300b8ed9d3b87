"""The one interface behind which conversations are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from analyzers.result import AnalysisResult
from analyzers.transcript import Transcript


class Analyzer(Protocol):
    """A batch of transcripts in, a result per transcript out, in the same order.

    A transcript is read again only when its content hash or one of these three changed.
    """

    engine: str
    model: str | None
    prompt_version: str

    def analyze(self, batch: Sequence[Transcript]) -> list[AnalysisResult]:
        """Reads every transcript of the batch."""
        ...
