"""Whom somebody means: by phone, by e-mail address, or as the marts name a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg

from funil.errors import FunilError
from warehouse.privacy.identities import Identity, email_of, phone_spellings
from warehouse.privacy.person import Person, find_people, member_of, others_with
from warehouse.privacy.rejects import rejected_rows_of


@dataclass(frozen=True)
class Selection:
    """One of the three; the phone in E.164. `shared_email`: also everybody else who has the same e-mail address."""

    tenant_id: str
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    member: str | None = None
    shared_email: bool = False

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.phone, self.email, self.member)) != 1:
            raise FunilError("Say who it is in one way: by phone, by e-mail address or by contact.")
        if self.email is not None and email_of(self.email) is None:
            raise FunilError("That is no e-mail address.")

    def people(self, connection: psycopg.Connection) -> Sequence[Person]:
        """The people meant: one, unless `shared_email`. Raises FunilError for nobody, and for several."""
        found = find_people(
            connection, self.tenant_id, phone=self.phone, email=self.email, member=self.member
        ) or self._only_rejected(connection)
        if not found:
            raise self.nobody("is known. Somebody who was erased is not either")
        if self.shared_email:
            return [*found, *(other for person in found for other in others_with(connection, person))]
        if len(found) > 1:
            raise FunilError(
                f"{len(found)} people have this e-mail address: {', '.join(person.members[0] for person in found)}. "
                "Name one of them with --contact, or mean all of them with --shared-email."
            )
        return found

    @property
    def identities(self) -> set[Identity]:
        """What names them, as far as the words of the selection go."""
        named: set[Identity] = {("phone", digits) for digits in phone_spellings(self.phone)}
        if (email := email_of(self.email)) is not None:
            named.add(("email", email))
        if self.member is not None:
            named.add(member_of(self.member))
        return named

    def nobody(self, why: str) -> FunilError:
        """What to say where nobody was found; it does not repeat who was looked for."""
        return FunilError(f"Tenant '{self.tenant_id}': nobody of that phone, e-mail address or contact {why}.")

    def _only_rejected(self, connection: psycopg.Connection) -> Sequence[Person]:
        """Somebody of whom there is nothing but rows that could not be stored."""
        if not rejected_rows_of(connection, self.tenant_id, self.identities.__contains__):
            return ()
        named = {kind: value for kind, value in self.identities if kind != "phone"}
        return [
            Person(
                self.tenant_id,
                contacts=frozenset({int(named["contact"])} if "contact" in named else ()),
                leads=frozenset({named["lead"]} if "lead" in named else ()),
                phones=frozenset({self.phone} if self.phone else ()),
                emails=frozenset({named["email"]} if "email" in named else ()),
            )
        ]
