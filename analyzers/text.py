"""Folding: one spelling for what people type in many, at the same length, so that positions stay true."""

from __future__ import annotations

import unicodedata


class _Folding(dict[int, str]):
    """Lower case without accents, one character for one character, looked up once per distinct character."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        base = unicodedata.normalize("NFKD", character)[:1] or character
        lower = base.lower()
        folded = lower if len(lower) == 1 else character
        if unicodedata.combining(folded):
            folded = character
        if folded in "“”«»":
            folded = '"'
        elif folded in "‘’´`":
            folded = "'"
        elif folded in "–—−":
            folded = "-"
        self[code] = folded
        return folded


_FOLDING = _Folding()


def compose(text: str) -> str:
    """`text` with accents as part of their letters: what `fold` keeps the length of."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def fold(composed: str) -> str:
    """Lower case, without accents, as long as its argument: position i of one is position i of the other."""
    return composed.lower() if composed.isascii() else composed.translate(_FOLDING)
