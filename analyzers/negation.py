"""Is what was found denied by the words before it?"""

from __future__ import annotations

import re

_REACH = 48
_CLAUSE = re.compile(r"[.,!?;:\n()]|\b(?:mas|porem|so que|entao|porque)\b")
# "não sei quanto custa" asks the price all the same
_DENIAL = re.compile(
    r"\b(?:(?:nao|n)(?! (?:sei|sabia|entendi|so|conheco|consigo|consegui|achei|encontrei|vi|lembro|vejo a hora|tem como"
    r"|teria|seria|daria|e))"
    r"|nunca|jamais|nem|desisti de|deixei de)(?: [a-z0-9]+){0,3} $|\bsem (?:[a-z0-9]+ )?$"
)


def is_denied(folded: str, start: int) -> bool:
    """Whether "não", "nunca", "sem" and the like stand close before `start`, in the same clause."""
    before = folded[max(0, start - _REACH) : start]
    if "n" not in before and "s" not in before:
        return False
    clause = _CLAUSE.split(before)[-1]
    return _DENIAL.search(clause) is not None
