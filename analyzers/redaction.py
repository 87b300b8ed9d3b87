"""What identifies a person and helps nobody to read a conversation is taken out before it leaves the machine."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CNPJ = re.compile(r"\b[\dA-Z]{2}\.?[\dA-Z]{3}\.?[\dA-Z]{3}/[\dA-Z]{4}-?\d{2}\b")
# eight digits or more, however they are grouped: nothing a price, a date or a time would be
_NUMBER = re.compile(r"\+?\(?\d(?:[ .()-]{0,2}\d){7,18}")


def redact(text: str) -> str:
    """The text with phone numbers, e-mail addresses, CPF, CNPJ and card numbers replaced by what they are."""
    return _NUMBER.sub(_kind, _CNPJ.sub("[cnpj]", _EMAIL.sub("[e-mail]", text)))


def _kind(match: re.Match[str]) -> str:
    written = match[0]
    digits = re.sub(r"\D", "", written)
    with_country = len(digits) in (12, 13) and digits.startswith("55")
    mobile = len(digits) == 11 and digits[2] == "9" and "." not in written
    if "+" in written or "(" in written or with_country or mobile:
        return "[telefone]"
    if len(digits) == 11:
        return "[cpf]"
    return "[cartão]" if len(digits) >= 13 else "[telefone]"
