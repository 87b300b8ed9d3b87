"""A long conversation within a token limit: its beginning, its end and every question of the customer stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analyzers.tokens import estimate_tokens
from analyzers.transcript import TranscriptMessage

_BEGINNING, _END = 6, 12
_LONGEST, _SHORTEST = 2000, 60  # characters of a message, before and after the greatest shortening
_FRAME_TOKENS = 30  # what a message takes beside its text


@dataclass(frozen=True, slots=True)
class Gap:
    """So many messages left out here."""

    messages: int


def shorten(messages: Sequence[TranscriptMessage], limit: int) -> list[TranscriptMessage | Gap]:
    """The messages in order, with gaps, in about `limit` tokens at most.

    Where even beginning, end and questions are too much, they are cut in the middle of their texts, more and more; and where
    that does not do, questions in the middle go, the last first.
    """
    longest = _LONGEST
    cut = [_cut(message, longest) for message in messages]
    costs = [_cost(message) for message in cut]
    if sum(costs) <= limit:
        return list(cut)
    keep = [
        position
        for position, message in enumerate(messages)
        if position < _BEGINNING or position >= len(messages) - _END or _asks(message)
    ]
    while sum(costs[position] for position in keep) > limit and longest > _SHORTEST:
        longest = max(longest // 2, _SHORTEST)
        cut = [_cut(message, longest) for message in messages]
        costs = [_cost(message) for message in cut]
    kept = set(_within(keep, costs, limit, len(messages)))
    room = limit - sum(costs[position] for position in kept)
    # what is nearest to the end says most of how it stands now
    for position in range(len(messages) - 1, -1, -1):
        if position not in kept and costs[position] <= room:
            kept.add(position)
            room -= costs[position]
    return _with_gaps(cut, kept)


def _within(keep: Sequence[int], costs: Sequence[int], limit: int, count: int) -> list[int]:
    """Those of `keep` that fit: the end first, then the beginning, then the questions between."""
    order = sorted(keep, key=lambda position: (position < count - _END, position >= _BEGINNING, position))
    fitting: list[int] = []
    room = limit
    for position in order:
        if costs[position] <= room:
            fitting.append(position)
            room -= costs[position]
    return fitting


def _with_gaps(messages: Sequence[TranscriptMessage], kept: set[int]) -> list[TranscriptMessage | Gap]:
    shown: list[TranscriptMessage | Gap] = []
    before = -1
    for position in [*sorted(kept), len(messages)]:
        if position - before > 1:
            shown.append(Gap(position - before - 1))
        if position < len(messages):
            shown.append(messages[position])
        before = position
    return shown


def _cost(message: TranscriptMessage) -> int:
    return estimate_tokens(message.content) + _FRAME_TOKENS


def _asks(message: TranscriptMessage) -> bool:
    return message.speaker == "customer" and "?" in message.content


def _cut(message: TranscriptMessage, longest: int) -> TranscriptMessage:
    """The beginning and the end of a text that is too long; of a question that loses its mark by that, the mark."""
    text = message.content
    if len(text) <= longest:
        return message
    half = longest // 2
    shorter = f"{text[:half]} […] {text[-half:]}"
    return replace(message, content=f"{shorter} ?" if _asks(message) and "?" not in shorter else shorter)
