"""What in a row says whose it is: `kind-value`, such as contact-12, chatwoot-7 (a conversation) or phone-5511987654321."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

Kind = Literal["contact", "lead", "phone", "email", "identifier", "chatwoot", "bot", "chatwoot_db"]
Identity = tuple[Kind, str]

SHORTEST_PHONE = 8
LONGEST_NUMBER = 19  # a bigint's digits, but for one


def as_text(identity: Identity) -> str:
    return "-".join(identity)


def phone_spellings(phone: str | None) -> set[str]:
    """The digits a phone may be written with: with and without the country's code and, in Brazil, the ninth digit."""
    digits = re.sub(r"\D", "", phone or "")
    if len(digits) < SHORTEST_PHONE:
        return set()
    spellings = {digits}
    if digits.startswith("55") and len(digits) in (12, 13):
        national = digits[2:]
        spellings |= {national, *(f"55{each}" for each in _other_ninth(national)), *_other_ninth(national)}
    return spellings


def _other_ninth(national: str) -> set[str]:
    if len(national) == 11 and national[2] == "9":
        return {national[:2] + national[3:]}
    if len(national) == 10 and national[2] in "6789":
        return {f"{national[:2]}9{national[2:]}"}
    return set()


def email_of(value: str | None) -> str | None:
    """An e-mail address as it is compared; None for what is none."""
    text = (value or "").strip().lower()
    return text if "@" in text else None


def identities_of(table: str, row: Mapping[str, Any]) -> Iterator[Identity]:
    """What the row of this table (`schema.table`) says of whose it is; nothing for tables that hold nobody's rows.

    Whoever has a phone is not known by an e-mail address, which families and reception desks share.
    """
    has_phone = False
    for column, kind in COLUMNS.get(table, {}).items():
        value = row.get(column)
        if value is not None and not (kind == "email" and has_phone):
            for identity in _READ[kind](value):
                has_phone = has_phone or kind == "phone"
                yield identity


def owner_of(table: str, row: Mapping[str, Any]) -> Identity | None:
    """What else is the person's from now on, if the row is: the contact, lead or conversation that it is the row of."""
    kind, id = OWN.get(table), str(row.get("id"))
    if kind is None or row.get("id") is None:
        return None
    return (kind, id) if kind in ("lead", "bot") or (id.isdecimal() and len(id) < LONGEST_NUMBER) else None


def _plain(kind: Kind) -> Callable[[Any], Iterator[Identity]]:
    def read(value: Any) -> Iterator[Identity]:
        yield kind, str(value)

    return read


def _phone(value: Any) -> Iterator[Identity]:
    digits = re.sub(r"\D", "", str(value))
    if len(digits) >= SHORTEST_PHONE:
        yield "phone", digits


def _email(value: Any) -> Iterator[Identity]:
    email = email_of(str(value))
    if email is not None:
        yield "email", email


def _identifier(value: Any) -> Iterator[Identity]:
    if str(value).strip():
        yield "identifier", str(value).strip()


def _named(value: Any) -> Iterator[Identity]:
    """A conversation or a person as the marts name them."""
    kind, _, rest = str(value).partition("-")
    kinds: tuple[Kind, ...] = ("chatwoot", "bot", "contact", "lead")
    for known in kinds:
        if kind == known:
            yield known, rest


_READ: dict[str, Callable[[Any], Iterator[Identity]]] = {
    **{kind: _plain(kind) for kind in ("contact", "lead", "chatwoot", "bot", "chatwoot_db")},  # type: ignore[arg-type]
    "phone": _phone,
    "email": _email,
    "identifier": _identifier,
    "named": _named,
}

# table -> column -> what it names; phones before e-mail addresses
COLUMNS: dict[str, dict[str, str]] = {
    "raw_chatwoot.contacts": {
        "id": "contact",
        "phone_e164": "phone",
        "phone_number": "phone",
        "email": "email",
        "identifier": "identifier",
    },
    "raw_chatwoot.conversations": {"id": "chatwoot", "contact_id": "contact"},
    "raw_chatwoot.messages": {"conversation_id": "chatwoot"},
    "raw_chatwoot.csat_survey_responses": {"conversation_id": "chatwoot", "contact_id": "contact"},
    "raw_chatwoot.reporting_events": {"conversation_id": "chatwoot", "conversation_db_id": "chatwoot_db"},
    "raw_chatwoot.applied_slas": {"conversation_id": "chatwoot"},
    "raw_chatwoot.sla_events": {"conversation_id": "chatwoot"},
    "raw_bot.leads": {"id": "lead", "phone_e164": "phone", "phone": "phone", "email": "email"},
    "raw_bot.conversations": {"id": "bot", "lead_id": "lead", "chatwoot_conversation_id": "chatwoot"},
    "raw_bot.conversation_messages": {"conversation_id": "bot"},
    "raw_bot.llm_interactions": {"conversation_id": "bot"},
    "raw_bot.feedback": {"conversation_id": "bot"},
    "raw_bot.lead_interactions": {"lead_id": "lead"},
    "raw_bot.procedure_bookings": {"lead_id": "lead"},
    "analysis.conversation_analysis": {"conversation_id": "named"},
    "analysis.earlier_readings": {"conversation_id": "named"},
    "analysis.labels": {"conversation_id": "named"},
    "analysis.due_again": {"conversation_id": "named"},
    "ml.lead_scores": {"person_id": "named"},
}
OWN: dict[str, Kind] = {
    "raw_chatwoot.contacts": "contact",
    "raw_chatwoot.conversations": "chatwoot",
    "raw_bot.leads": "lead",
    "raw_bot.conversations": "bot",
}
