"""How many tokens a text has, without the model's own tokenizer."""

from __future__ import annotations

_BYTES_PER_TOKEN = 3.5  # Portuguese in the tokenizers of today's models: 3.5 to 4.5


def estimate_tokens(text: str) -> int:
    """About how many tokens the text has, rather too many than too few."""
    return int(len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN) + 1


def most_tokens(text: str) -> int:
    """A bound: the tokenizers work on bytes, and none of their tokens is shorter than one."""
    return len(text.encode("utf-8", "replace"))
