"""One spelling per phone number, by hand: what the oracle holds two spellings of a number to be the same by."""

from __future__ import annotations

import re


def e164_brazil(phone: str | None) -> str | None:
    """A number as a Brazilian tenant may have written it, in E.164; None where there is no number in it.

    A Brazilian number is an area code of two digits and eight or nine more. Mobiles begin with 6 to 9 and have had nine
    digits, the first of them a 9, since 2016: where only eight are written, the ninth is missing.
    """
    if not phone:
        return None
    digits = re.sub(r"\D", "", phone)
    if phone.strip().startswith("+"):
        if not digits.startswith("55"):
            return f"+{digits}" if 8 <= len(digits) <= 15 else None
        national = digits[2:]
    elif digits.startswith("55") and len(digits) in (12, 13):
        national = digits[2:]
    else:
        national = digits.lstrip("0")
    area, subscriber = national[:2], national[2:]
    if len(subscriber) == 8 and subscriber[0] in "6789":
        subscriber = "9" + subscriber
    if len(subscriber) not in (8, 9) or "0" in area:
        return None
    return f"+55{area}{subscriber}"
