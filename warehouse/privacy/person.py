"""Who a person is: their Chatwoot contacts and bot leads, tied as the model int_people ties them, deleted ones included."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from funil.errors import FunilError
from warehouse.privacy.identities import LONGEST_NUMBER, Identity, email_of, phone_spellings

_BY_PHONE = """
select 'contact', id::text from raw_chatwoot.contacts where tenant_id = %(tenant_id)s and phone_e164 = any(%(phones)s)
union all
select 'lead', id from raw_bot.leads where tenant_id = %(tenant_id)s and phone_e164 = any(%(phones)s)
"""
_BY_EMAIL = """
select 'contact', id::text from raw_chatwoot.contacts
where tenant_id = %(tenant_id)s and lower(btrim(email)) = any(%(emails)s)
union all
select 'lead', id from raw_bot.leads where tenant_id = %(tenant_id)s and lower(btrim(email)) = any(%(emails)s)
"""
# a conversation may name a contact or a lead that its source no longer lists
_EXIST = """
select 'contact', id::text from (
    select id from raw_chatwoot.contacts where tenant_id = %(tenant_id)s and id = any(%(contacts)s)
    union
    select contact_id from raw_chatwoot.conversations where tenant_id = %(tenant_id)s and contact_id = any(%(contacts)s)
) as named
union all
select 'lead', id from (
    select id from raw_bot.leads where tenant_id = %(tenant_id)s and id = any(%(leads)s)
    union
    select lead_id from raw_bot.conversations where tenant_id = %(tenant_id)s and lead_id = any(%(leads)s)
    union
    select lead_id from raw_bot.procedure_bookings where tenant_id = %(tenant_id)s and lead_id = any(%(leads)s)
) as named
"""
_BY_LINK = """
select tie.kind, tie.id
from raw_bot.conversations as b
join raw_chatwoot.conversations as c on c.tenant_id = b.tenant_id and c.id = b.chatwoot_conversation_id
cross join lateral (values ('contact', c.contact_id::text), ('lead', b.lead_id)) as tie (kind, id)
where
    b.tenant_id = %(tenant_id)s
    and b._deleted_at is null
    and c._deleted_at is null
    and tie.id is not null
    and (b.lead_id = any(%(leads)s) or c.contact_id = any(%(contacts)s))
"""
_DETAILS = """
select phone_e164, phone_number, email, name, identifier
from raw_chatwoot.contacts
where tenant_id = %(tenant_id)s and id = any(%(contacts)s)
union all
select phone_e164, phone, email, name, null
from raw_bot.leads
where tenant_id = %(tenant_id)s and id = any(%(leads)s)
"""


@dataclass(frozen=True)
class Person:
    """Everything that names one person. Phones are in E.164 and as the sources write them."""

    tenant_id: str
    contacts: frozenset[int] = frozenset()
    leads: frozenset[str] = frozenset()
    phones: frozenset[str] = field(default=frozenset(), repr=False)
    emails: frozenset[str] = field(default=frozenset(), repr=False)
    names: frozenset[str] = field(default=frozenset(), repr=False)
    identifiers: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def members(self) -> list[str]:
        """Contacts and leads as the marts name them."""
        return [*(f"contact-{id}" for id in sorted(self.contacts)), *(f"lead-{id}" for id in sorted(self.leads))]

    @property
    def phone_spellings(self) -> set[str]:
        """The digits of the phones, in every way they may be written."""
        return {digits for phone in self.phones for digits in phone_spellings(phone)}

    def identities(self) -> set[Identity]:
        """What a row that comes back would name."""
        found: set[Identity] = {("contact", str(id)) for id in self.contacts}
        found |= {("lead", id) for id in self.leads}
        found |= {("phone", digits) for digits in self.phone_spellings}
        found |= {("email", email) for email in self.emails}
        return found | {("identifier", text) for text in self.identifiers}


def find_people(
    connection: psycopg.Connection,
    tenant_id: str,
    *,
    phone: str | None = None,
    email: str | None = None,
    member: str | None = None,
) -> list[Person]:
    """The people who have this phone (E.164) or e-mail address, or of whom `member` (contact-<id>, lead-<id>) is one.

    People who share nothing but an e-mail address are several, as in the marts. Sorted by their members; empty for
    nobody.
    """
    if phone is not None:
        seeds = _rows(connection, _BY_PHONE, tenant_id, phones=[phone])
    elif email is not None:
        seeds = _rows(connection, _BY_EMAIL, tenant_id, emails=[email_of(email) or ""])
    elif member is not None:
        meant = {member_of(member)}
        seeds = _rows(connection, _EXIST, tenant_id, contacts=_contacts(meant), leads=_leads(meant))
    else:
        raise ValueError("a phone, an e-mail address or a member")
    people: list[Person] = []
    left = set(seeds)
    while left:
        person = _whole(connection, tenant_id, {min(left)})
        left -= {member_of(name) for name in person.members}
        people.append(person)
    return sorted(people, key=lambda person: person.members)


def others_with(connection: psycopg.Connection, person: Person) -> list[Person]:
    """Other people who have one of this person's e-mail addresses."""
    found = {person.members[0]} if person.members else set()
    others: list[Person] = []
    for email in sorted(person.emails):
        for other in find_people(connection, person.tenant_id, email=email):
            if found.isdisjoint(other.members):
                found.update(other.members[:1])
                others.append(other)
    return others


def _whole(connection: psycopg.Connection, tenant_id: str, members: set[tuple[str, str]]) -> Person:
    """The person that these members are of, through any number of phones and linked conversations."""
    while True:
        contacts, leads = _contacts(members), _leads(members)
        ids: dict[str, Any] = {"contacts": contacts, "leads": leads}
        details = connection.execute(_DETAILS.encode(), {"tenant_id": tenant_id, **ids}).fetchall()
        phones = sorted({row[0] for row in details if row[0]})
        more = set(_rows(connection, _BY_PHONE, tenant_id, phones=phones)) | set(
            _rows(connection, _BY_LINK, tenant_id, **ids)
        )
        if more <= members:
            return Person(
                tenant_id,
                frozenset(contacts),
                frozenset(leads),
                frozenset(text for row in details for text in row[:2] if text),
                frozenset(email for row in details if (email := email_of(row[2])) is not None),
                frozenset(row[3].strip() for row in details if row[3] and row[3].strip()),
                frozenset(row[4].strip() for row in details if row[4] and row[4].strip()),
            )
        members |= more


def _rows(connection: psycopg.Connection, query: str, tenant_id: str, **parameters: object) -> list[tuple[str, str]]:
    return connection.execute(query.encode(), {"tenant_id": tenant_id, **parameters}).fetchall()


def _contacts(members: Iterable[tuple[str, str]]) -> list[int]:
    return sorted(int(id) for kind, id in members if kind == "contact")


def _leads(members: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(id for kind, id in members if kind == "lead")


def member_of(name: str) -> Identity:
    """A contact or a lead, from its name in the marts. Raises FunilError for what is none."""
    kind, _, id = name.partition("-")
    if kind == "lead" and id:
        return "lead", id
    if kind == "contact" and id.isdecimal() and len(id) < LONGEST_NUMBER:
        return "contact", id
    raise FunilError(f"'{name}' is no person's name in the marts. Write contact-12 (or 12) or lead-34.")
