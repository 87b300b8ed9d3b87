"""What identifies a person and helps nobody to read a conversation stays on this machine.

Phones, e-mail addresses, CPF, CNPJ and card numbers become placeholders, numbered so that the reader can tell one from
another: `[telefone 1]`, `[e-mail 1]`. What comes back with a placeholder in it gets the original again.
"""

from __future__ import annotations

import re
from datetime import date

_AT = r"(?:\s?@\s?|\s\(?(?:arroba|at)\)?\s)"
_DOT = r"(?:\.|\s(?:ponto|dot)\s)"
_EMAIL = re.compile(rf"[\w.+'-]+{_AT}[\w-]+(?:{_DOT}[\w-]+)+|[\w.+'-]+@[\w.-]+", re.IGNORECASE)
_CNPJ = re.compile(
    r"(?<!\w)(?:[\dA-Z]{2}[. ]?[\dA-Z]{3}[. ]?[\dA-Z]{3} ?/ ?[\dA-Z]{4} ?[-–]? ?\d{2}|[\dA-Z]{12}\d{2})(?!\w)",
    re.IGNORECASE,
)
_CPF = re.compile(r"(?<!\d)\d{3}[. ]?\d{3}[. ]?\d{3} ?[-–/. ] ?\d{2}(?!\d)")
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
# between two digits of one number: a few blanks, dots, dashes, brackets, and what cannot be seen
_BETWEEN = rf"[^\S\n]{{0,2}}[.()_\-‐‑‒–—·{_INVISIBLE}]{{0,3}}[^\S\n]{{0,2}}"
_AREA_CODE = r"(?:\(?\d{2,3}\)?\s?/\s?)?"
# eight digits or more, however they are grouped: nothing a price, a date or a time would be
_NUMBER = re.compile(rf"(?<!\d:)(?<!\d:\d)(?:\+\s?)?\(?{_AREA_CODE}\d(?:{_BETWEEN}\d){{7,18}}")
_DATE = re.compile(
    r"(?<!\d)(?:(?P<year>\d{4})([-.])(?P<month>\d{2})\2(?P<day>\d{2})|(\d{2})([-.])(\d{2})\6(\d{4}))(?!\d)"
)
_PLACEHOLDER = re.compile(r"\[(?:telefone|e-mail|cpf|cnpj|cartão) \d+\]")


class Redaction:
    """The placeholders of one conversation: the same number has the same one throughout."""

    def __init__(self) -> None:
        self._placeholders: dict[tuple[str, str], str] = {}
        self._originals: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def hide(self, text: str) -> str:
        """The text with placeholders for what identifies a person."""
        text = _EMAIL.sub(lambda match: self._placeholder("e-mail", match[0]), text)
        text = _CNPJ.sub(lambda match: self._placeholder("cnpj", match[0]) if _is_cnpj(match[0]) else match[0], text)
        text = _CPF.sub(lambda match: self._placeholder("cpf", match[0]), text)
        return _NUMBER.sub(self._hide_number, text)

    def restore(self, text: str) -> str:
        """The text with the originals for the placeholders; one that was never given stays as it is."""
        return _PLACEHOLDER.sub(lambda match: self._originals.get(match[0], match[0]), text)

    def _hide_number(self, match: re.Match[str]) -> str:
        written = match[0]
        if (found := _DATE.search(written)) is None or not _is_date(found):
            return self._placeholder(_kind(written), written)
        # a date, and whatever stands around it
        before, after = written[: found.start()], written[found.end() :]
        return f"{self._hide_rest(before)}{found[0]}{self._hide_rest(after)}"

    def _hide_rest(self, text: str) -> str:
        return _NUMBER.sub(self._hide_number, text)

    def _placeholder(self, kind: str, written: str) -> str:
        same = re.sub(r"[\W_]", "", written).casefold() if kind != "e-mail" else written.casefold()
        if (kind, same) not in self._placeholders:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            placeholder = f"[{kind} {self._counts[kind]}]"
            self._placeholders[kind, same] = placeholder
            self._originals[placeholder] = written
        return self._placeholders[kind, same]


def redact(text: str) -> str:
    """The text with placeholders for phone numbers, e-mail addresses, CPF, CNPJ and card numbers."""
    return Redaction().hide(text)


def _kind(written: str) -> str:
    digits = re.sub(r"\D", "", written)
    with_country = len(digits) in (12, 13) and digits.startswith("55")
    mobile = len(digits) == 11 and digits[2] == "9" and "." not in written
    if "+" in written or "(" in written or with_country or mobile:
        return "telefone"
    if len(digits) == 11:
        return "cpf"
    if len(digits) == 14:
        return "cnpj" if _is_cnpj(digits) else "cartão"
    return "cartão" if len(digits) >= 13 else "telefone"


def _is_cnpj(written: str) -> bool:
    """Written as one, or with its check digits right (letters count by their place in ASCII, as Receita Federal has it)."""
    characters = re.sub(r"[^0-9A-Z]", "", written.upper())
    if "/" in written:
        return True
    values = [ord(character) - ord("0") for character in characters]
    for length in (12, 13):
        weights = [(length - 1 - position) % 8 + 2 for position in range(length)]
        remainder = sum(value * weight for value, weight in zip(values, weights, strict=False)) % 11
        if values[length] != (0 if remainder < 2 else 11 - remainder):
            return False
    return True


def _is_date(match: re.Match[str]) -> bool:
    year, month, day = (
        (match["year"], match["month"], match["day"]) if match["year"] else (match[8], match[7], match[5])
    )
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return False
    return 1900 <= found.year < 2100
