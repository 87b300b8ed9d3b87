"""What is asked, and what a customer chooses who answers a menu with a number."""

from __future__ import annotations

import re

from analyzers.text import fold

_ENDS = re.compile(r"[.!?\n]")
# what may stand before a sentence's first words
_OPENING = re.compile(
    r"(?:^|[.!?\n])[^a-z0-9]*(?:(?:oi+|ola|opa|hey|eae|bom dia+|boa tarde|boa noite|tudo bem|td bem|por favor|pfv|e ai|e|entao|mas"
    r"|gente|moca|moco|so|amiga|querida|dr|dra|doutor|doutora)[^a-z0-9]+)*$"
)
_REACH = 60
_CHOICE = re.compile(r"\W*(?:opcao|numero)?\W*(\d)\W*")
_OPTION = re.compile(r"(?<!\d)(\d)\s*(?:[).:-]|️?⃣)?\s*(?:para |pra )?([^\W\d_][^\n;]*?)(?=[,;.\n]|\s\(?\d\s*[).:-]|$)")


def is_asked(folded: str, start: int, end: int) -> bool:
    """Whether what stands there is asked: its sentence ends in a question mark, or begins with it."""
    stop = _ENDS.search(folded, end)
    if stop is not None and stop[0] == "?":
        return True
    return _OPENING.search(folded[max(0, start - _REACH) : start]) is not None


def chosen_option(offered: str, answer: str) -> str:
    """The answer, or the option that stands for it where it is only a number of the menu offered just before."""
    if len(answer) > 12 or (match := _CHOICE.fullmatch(fold(answer))) is None or not offered:
        return answer
    options = dict(_OPTION.findall(offered))
    return f"quero {fold(options[match[1]]).strip()}" if match[1] in options and len(options) > 1 else answer
