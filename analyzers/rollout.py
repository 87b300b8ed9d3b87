"""A stable share of the conversations for the configured analyzer, the rules for the rest: a new engine comes in gradually."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from analyzers.base import Analyzer, Item
from analyzers.result import AnalysisResult
from analyzers.transcript import Transcript


class RolloutAnalyzer(Analyzer):
    """`percent` of the conversations go to `chosen`, the others to `otherwise`, which must be local.

    Which ones depends on tenant and conversation alone: a conversation that is in at 10 % is in at 20 %, and moving the
    percentage has only those in between read again. 0 is the kill switch.
    """

    def __init__(self, chosen: Analyzer, otherwise: Analyzer, percent: float) -> None:
        self.chosen, self.otherwise, self.percent = chosen, otherwise, percent
        self.engine, self.model = chosen.engine, chosen.model
        self.prompt_version = f"{chosen.prompt_version}~{percent:g}%"

    def read(self, items: Iterable[Item]) -> Iterator[list[AnalysisResult]]:
        """See `Analyzer.read`."""
        return self.chosen.read(self._routed(items))

    def version_for(self, transcript: Transcript) -> str:
        return self._reader_of(transcript).version_for(transcript)

    def still_stands(self, transcript: Transcript, asked_of: str, answered_by: str) -> bool:
        return self._reader_of(transcript).still_stands(transcript, asked_of, answered_by)

    def _routed(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            if isinstance(item, AnalysisResult) or self._reader_of(item) is self.chosen:
                yield item
            else:
                yield self.otherwise.analyze([item])[0]

    def _reader_of(self, transcript: Transcript) -> Analyzer:
        share = share_of(transcript.tenant_id, transcript.conversation_id)
        return self.chosen if share < self.percent else self.otherwise


def share_of(tenant_id: str, conversation_id: str) -> float:
    """Where the conversation stands between 0 and 100, evenly spread, the same on every machine and for ever."""
    digest = hashlib.blake2b(f"{tenant_id}\x1f{conversation_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 * 100
