"""Phone numbers as people's identity: one spelling, E.164, whatever the source wrote."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

_BRAZIL = 55
# "whatsapp:+55...", "5511...@s.whatsapp.net", "5511...:12@c.us": what WhatsApp tools put around a number
_WRAPPING = re.compile(r"^(?:whatsapp|tel|sms):|(?::\d+)?@[a-z.]+$", re.IGNORECASE)


@lru_cache(maxsize=65536)
def normalise_phone(text: str | None, country: str) -> str | None:
    """`text` in E.164 as dialled from `country` (ISO 3166, two letters), or None for what is not a phone number.

    A Brazilian mobile always comes out with its ninth digit, so that one person written in both ways is one.
    The digit is only missing where the eight digits begin with 6 to 9; those that begin with 2 to 5 are land lines.
    """
    digits = _digits(text)
    if digits is None:
        return None
    if country == "BR" and re.fullmatch(r"\d{10,11}", digits):
        # area code and number; said outright, because area code 55 is also the country's own code
        digits = f"+{_BRAZIL}{digits.lstrip('0')}"
    elif re.fullmatch(r"00[1-9]\d{6,14}", digits):
        digits = f"+{digits[2:]}"
    try:
        number = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return None
    if number.country_code == _BRAZIL:
        national = str(number.national_number)
        if len(national) == 10 and national[2] in "6789":
            number.national_number = int(f"{national[:2]}9{national[2:]}")
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _digits(text: str | None) -> str | None:
    """The digits as written, after a plus where there is one; None where letters say that it is something else."""
    if not text:
        return None
    bare = _WRAPPING.sub("", text.strip())
    if re.search(r"[^\W\d_]", bare):
        return None
    digits = re.sub(r"\D", "", bare)
    if not digits:
        return None
    return f"+{digits}" if re.match(r"\D*\+", bare) else digits
