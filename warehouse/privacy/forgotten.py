"""Whom a tenant has erased: how the loader knows their rows when a source sends them again, without knowing who they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from funil.errors import FunilError
from warehouse.audit import note
from warehouse.privacy.footprint import Footprint
from warehouse.privacy.identities import Identity, as_text, identities_of, owner_of
from warehouse.privacy.key import ErasureKey, erasure_key
from warehouse.privacy.person import Person
from warehouse.privacy.rebuild import owe_rebuild
from warehouse.privacy.removal import remove

Row = Mapping[str, Any]

_ERASED = "select digest, erasure_id, key_id from ops.erased_identities where tenant_id = %s"
# rows of theirs had been stored for a moment: totals and files are to be done again
_UNFINISHED_AGAIN = """
update ops.erasures set rows_removed = %s || rows_removed, rebuilt_at = null, cleaned_at = null
where tenant_id = %s and erasure_id = %s
"""
_ADD = """
insert into ops.erased_identities (tenant_id, digest, kind, key_id, erasure_id) values (%s, %s, %s, %s, %s)
on conflict do nothing
"""


class Forgotten:
    """The erased people of one tenant, as keyed hashes of what would identify them."""

    def __init__(
        self, connection: psycopg.Connection, tenant_id: str, key: ErasureKey, erasures: dict[str, int]
    ) -> None:
        self._connection, self._tenant_id, self._key = connection, tenant_id, key
        self._erasures = erasures
        self._known: dict[Identity, int | None] = {}

    @classmethod
    def of(cls, connection: psycopg.Connection, tenant_id: str) -> Forgotten | None:
        """None if nobody was erased, which costs one look-up. Raises FunilError without the key they were erased with."""
        rows = connection.execute(_ERASED, [tenant_id]).fetchall()
        if not rows:
            return None
        key = erasure_key()
        if key is None or any(key_id != key.id for *_, key_id in rows):
            raise FunilError(
                f"Tenant '{tenant_id}': people were erased with another key than this installation's, so they would come "
                "back. Set FUNIL_ERASURE_KEY as it was, or put the erasure.key of that time into FUNIL_HOME."
            )
        return cls(connection, tenant_id, key, {digest: erasure_id for digest, erasure_id, _ in rows})

    def erasure_of(self, identity: Identity) -> int | None:
        """In which erasure this was one of the person's; None for whom nobody erased."""
        if identity not in self._known:
            self._known[identity] = self._erasures.get(self._key.digest(self._tenant_id, as_text(identity)))
        return self._known[identity]

    def owns(self, table: str, row: Row) -> bool:
        """Whether a row of this table is of somebody who was erased."""
        return any(identity in self for identity in identities_of(table, row))

    def __contains__(self, identity: Identity) -> bool:
        return self.erasure_of(identity) is not None

    def without_theirs(self, table: str, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows that are of nobody who was erased.

        What else turns out to be theirs, a new conversation or a contact made anew, is theirs from now on, and what is stored
        of it goes, in the caller's transaction.
        """
        kept: list[Row] = []
        new: dict[Identity, int] = {}
        for row in rows:
            erasure = next(filter(None, map(self.erasure_of, identities_of(table, row))), None)
            if erasure is None:
                kept.append(row)
            elif (own := owner_of(table, row)) is not None and own not in self:
                new[own] = erasure
        if new:
            self._take_in(new)
        return kept if len(kept) < len(rows) else rows

    def _take_in(self, new: Mapping[Identity, int]) -> None:
        people = Person(
            self._tenant_id,
            frozenset(int(value) for kind, value in new if kind == "contact"),
            frozenset(value for kind, value in new if kind == "lead"),
        )
        footprint = Footprint.of(
            self._connection, people, talks=[identity for identity in new if identity[0] in ("chatwoot", "bot")]
        )
        erasure = min(new.values())
        self.add(dict.fromkeys(footprint.identities, erasure) | dict(new))
        removed = remove(self._connection, footprint)
        if removed:
            owe_rebuild(self._connection, self._tenant_id)
            self._connection.execute(_UNFINISHED_AGAIN, [Jsonb(removed), self._tenant_id, erasure])
            note(self._connection, "sync", "erase", f"erasure {erasure}", tenant_id=self._tenant_id, rows=dict(removed))

    def add(self, identities: Mapping[Identity, int]) -> None:
        """From now on these, too, are an erased person's."""
        add_identities(self._connection, self._tenant_id, self._key, identities)
        for identity, erasure in identities.items():
            self._known[identity] = erasure


def add_identities(
    connection: psycopg.Connection, tenant_id: str, key: ErasureKey, identities: Mapping[Identity, int]
) -> None:
    """Keeps the keyed hashes of what identifies people, each with the erasure it belongs to."""
    rows = [
        (tenant_id, key.digest(tenant_id, as_text(identity)), identity[0], key.id, erasure)
        for identity, erasure in identities.items()
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, sorted(rows))
