"""Everything held of a person as one JSON file: the answer to whoever asks what a tenant knows of them.

Files are kept in FUNIL_HOME/exports under a name that tells nothing but to this installation, so that an erasure finds those
of the person and removes them.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import psycopg

from warehouse.audit import note
from warehouse.privacy.footprint import Footprint
from warehouse.privacy.key import ErasureKey, erasure_key
from warehouse.privacy.person import Person
from warehouse.privacy.rejects import rejected_rows_of
from warehouse.privacy.removal import REJECTED
from warehouse.privacy.selection import Selection

ABOUT = {
    "raw_chatwoot": "as Chatwoot, the business's inbox, holds it",
    "raw_bot": "as the business's WhatsApp bot holds it",
    "analysis": "what a program or a person read in the conversations",
    "ml": "estimates: how likely a purchase is, and why",
    "intermediate": "computed from the above on the way to the reports",
    "marts": "what the business's reports show",
    "ops": "rows that could not be stored, as they came",
}
_LETTERS = 24


@dataclass(frozen=True)
class Export:
    path: Path
    rows: Mapping[str, int]


def export_person(
    connection: psycopg.Connection, selection: Selection, *, actor: str, folder: Path, path: Path | None = None
) -> Export:
    """Writes the file, which only its owner may read, and notes in the audit log that it was written. Raises FunilError.

    `path` is where it goes instead of into `folder`; a file there is not written over (FileExistsError).
    """
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        [person] = selection.people(connection)
        footprint = Footprint.of(connection, person)
        row = connection.execute("select clock_timestamp()").fetchone()
        assert row is not None
        prepared_at: datetime = row[0]
        if path is None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = folder / f"{person.tenant_id}-{_name(person)}-{prepared_at:%Y%m%dT%H%M%S}.json"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                rows = _write(file, footprint, prepared_at)
            note(
                connection, actor, "export", "everything held of a person", tenant_id=person.tenant_id, rows=dict(rows)
            )
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return Export(path, rows)


def remove_exports(folder: Path, people: Iterable[Person]) -> int:
    """Removes the files written of these people; how many there were."""
    key = erasure_key()
    if key is None or not folder.is_dir():
        return 0
    names = {
        f"{person.tenant_id}-{_digest(key, person.tenant_id, name)}" for person in people for name in person.members
    }
    theirs = [path for path in folder.iterdir() if path.name.rpartition("-")[0] in names]
    for path in theirs:
        path.unlink(missing_ok=True)
    return len(theirs)


def _write(file: TextIO, footprint: Footprint, prepared_at: datetime) -> Counter[str]:
    """A table at a time, a row at a time: a file of any size."""
    person = footprint.person
    head = {
        "tenant": person.tenant_id,
        "prepared_at": prepared_at.isoformat(),
        "person": {
            "known_as": person.members,
            "names": sorted(person.names),
            "phones": sorted(person.phones),
            "emails": sorted(person.emails),
        },
        "about": ABOUT,
    }
    rows: Counter[str] = Counter()
    file.write(json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "held": {')
    for table, held in _tables(footprint):
        for row in held:
            start = ",\n" if rows[table] else f"{',' if rows else ''}\n  {json.dumps(table)}: [\n"
            rows[table] += 1
            file.write(f"{start}   {json.dumps(row, ensure_ascii=False)}")
        if rows[table]:
            file.write("\n  ]")
        else:
            del rows[table]
    file.write("\n }\n}\n")
    return rows


def _tables(footprint: Footprint) -> Iterator[tuple[str, Iterable[dict[str, Any]]]]:
    for table, _ in footprint.tables():
        yield table, footprint.rows(table)
    rejected = rejected_rows_of(footprint.connection, footprint.person.tenant_id, footprint.identities.__contains__)
    names = ("source", "resource", "row_key", "reason", "payload")
    yield REJECTED, [dict(zip(names, row, strict=True)) for row in rejected]


def _name(person: Person) -> str:
    key = erasure_key(make=True)
    assert key is not None
    return _digest(key, person.tenant_id, (person.members or ["nobody's"])[0])


def _digest(key: ErasureKey, tenant_id: str, member: str) -> str:
    return key.digest(tenant_id, member)[:_LETTERS]
