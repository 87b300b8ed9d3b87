"""Erasing people: everything of them goes in one transaction, and what keeps them from coming back is kept in it too.

Afterwards the tenant's tables are to be built anew (`rebuild.py`), because totals included them, and the server's files to be
cleaned (`leftovers.py`), because PostgreSQL keeps what was deleted until something is written over it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg
from psycopg.types.json import Jsonb

from warehouse.audit import note
from warehouse.connect import connect
from warehouse.locks import lock_key, tenant_lock
from warehouse.privacy.footprint import Footprint
from warehouse.privacy.forgotten import Forgotten, add_identities
from warehouse.privacy.identities import Identity
from warehouse.privacy.key import erasure_key
from warehouse.privacy.person import Person, others_with
from warehouse.privacy.rebuild import owe_rebuild
from warehouse.privacy.rejects import rejected_rows_of
from warehouse.privacy.removal import REJECTED, remove
from warehouse.privacy.selection import Selection
from warehouse.privacy.traces import Traces, remove_from_notes

_NEXT = "select coalesce(max(erasure_id), 0) + 1 from ops.erasures where tenant_id = %s"
# an erasure leaves the tenant without a complete build, so the next one is of everything
_NOTE_BUILT = """
update ops.erasures as e
set rebuilt_at = b.completed_at
from (select tenant_id, min(completed_at) as completed_at from ops.builds group by tenant_id) as b
where e.rebuilt_at is null and b.tenant_id = e.tenant_id and b.completed_at > e.asked_at
"""
_UNFINISHED = """
select tenant_id, erasure_id, array(select jsonb_object_keys(rows_removed)), rebuilt_at is not null
from ops.erasures
where rebuilt_at is null or cleaned_at is null
order by tenant_id, erasure_id
"""
_KEEP = "insert into ops.erasures (tenant_id, erasure_id, asked_by, rows_removed) values (%s, %s, %s, %s)"


@dataclass(frozen=True)
class Erasure:
    """An erasure that is done but for the rebuild and the files. Whose it was is in memory only, to be looked for elsewhere."""

    tenant_id: str
    erasure_id: int
    rows: Mapping[str, int]
    people: Sequence[Person] = field(repr=False)

    @property
    def traces(self) -> Traces:
        return Traces.of(self.people)


@dataclass(frozen=True)
class Preview:
    """What an erasure would remove; `sharing` are others who have the same e-mail address and would stay."""

    people: Sequence[Person]
    rows: Mapping[str, int]
    sharing: Sequence[Person]


def preview(connection: psycopg.Connection, selection: Selection) -> Preview:
    """Who is meant, and how many rows of each table are theirs. Raises FunilError."""
    people = selection.people(connection)
    counts: Counter[str] = Counter()
    for person in people:
        footprint = Footprint.of(connection, person)
        counts += footprint.count()
        counts[REJECTED] += len(rejected_rows_of(connection, person.tenant_id, footprint.identities.__contains__))
    return Preview(people, +counts, _sharing(connection, people))


def erase(dsn: str, selection: Selection, *, actor: str) -> Erasure:
    """Removes the people meant. Waits for a sync or a build of the tenant to end. Raises FunilError."""
    tenant_id = selection.tenant_id
    with connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [lock_key("dbt")])  # goes with the connection
        with tenant_lock(connection, tenant_id), connection.transaction():
            people = selection.people(connection)
            Forgotten.of(connection, tenant_id)  # no second key for the people of one tenant
            key = erasure_key(make=True)
            assert key is not None
            erasure_id = _next_id(connection, tenant_id)
            shared = {email for person in _sharing(connection, people) for email in person.emails}
            rows: Counter[str] = Counter()
            for person in people:
                footprint = Footprint.of(connection, person)
                identities = {each for each in footprint.identities if each not in _emails(shared)}
                rows += remove(connection, footprint)
                add_identities(connection, tenant_id, key, dict.fromkeys(identities, erasure_id))
            rows += remove_from_notes(connection, tenant_id, Traces.of(people))
            owe_rebuild(connection, tenant_id)
            connection.execute(_KEEP, [tenant_id, erasure_id, actor, Jsonb(rows)])
            note(
                connection,
                actor,
                "erase",
                f"erasure {erasure_id}",
                tenant_id=tenant_id,
                people=len(people),
                rows=dict(rows),
            )
    return Erasure(tenant_id, erasure_id, rows, people)


@dataclass(frozen=True)
class Unfinished:
    """An erasure of which totals or files still have to be done."""

    tenant_id: str
    erasure_id: int
    tables: Collection[str]
    is_rebuilt: bool


def unfinished(connection: psycopg.Connection) -> list[Unfinished]:
    """Those there are, once it is noted which were followed by a build."""
    connection.execute(_NOTE_BUILT)
    return [Unfinished(*row) for row in connection.execute(_UNFINISHED)]


def note_nothing_to_rebuild(connection: psycopg.Connection, tenant_id: str) -> None:
    """The tenant's tables were never built."""
    connection.execute(
        "update ops.erasures set rebuilt_at = clock_timestamp() where tenant_id = %s and rebuilt_at is null",
        [tenant_id],
    )


def note_cleaned(connection: psycopg.Connection, tenant_id: str, erasure_id: int) -> None:
    """Nothing of it is left in the server's files."""
    connection.execute(
        "update ops.erasures set cleaned_at = clock_timestamp() where tenant_id = %s and erasure_id = %s",
        [tenant_id, erasure_id],
    )


def _next_id(connection: psycopg.Connection, tenant_id: str) -> int:
    row = connection.execute(_NEXT, [tenant_id]).fetchone()
    assert row is not None
    return int(row[0])


def _sharing(connection: psycopg.Connection, people: Sequence[Person]) -> list[Person]:
    """Others with an e-mail address of these people, each once."""
    meant = {name for person in people for name in person.members}
    found: dict[str, Person] = {}
    for person in people:
        for other in others_with(connection, person):
            if meant.isdisjoint(other.members):
                found.setdefault(other.members[0], other)
    return list(found.values())


def _emails(emails: Iterable[str]) -> set[Identity]:
    return {("email", email) for email in emails}
