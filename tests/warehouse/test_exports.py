"""Whoever asks what is known of them is told everything, in one file that only its owner may read."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from funil.errors import FunilError
from tests.warehouse.held import Held, load
from tests.warehouse.test_erase import take_in
from warehouse.privacy.erase import erase
from warehouse.privacy.exports import Export, export_person, remove_exports
from warehouse.privacy.footprint import CONDITIONS
from warehouse.privacy.selection import Selection

WHO, OTHER = Held(1), Held(2)
SELECTION = Selection("gym", email=WHO.email)


def export(url: str, folder: Path, path: Path | None = None) -> Export:
    with psycopg.connect(url) as connection:
        return export_person(connection, SELECTION, actor="ana", folder=folder, path=path)


def test_the_file_holds_every_row_of_the_person_and_nobody_elses(warehouse: str, tmp_path: Path) -> None:
    take_in(warehouse, WHO)
    with psycopg.connect(warehouse) as connection:
        tables = [*CONDITIONS, "ops.rejected_rows"]
        expected = {table: connection.execute(f"select count(*) from {table}".encode()).fetchone() for table in tables}
    take_in(warehouse, OTHER)
    done = export(warehouse, tmp_path / "exports")
    text = done.path.read_text(encoding="utf-8")
    written = json.loads(text)
    assert {table: (len(rows),) for table, rows in written["held"].items()} == expected
    assert written["person"]["known_as"] == ["contact-1", "lead-l1"]
    assert not [secret for secret in WHO.secrets if secret not in text and secret not in WHO.phone], "all is told"
    assert not [secret for secret in OTHER.secrets if secret in text]
    assert (done.path.stat().st_mode & 0o777, done.path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    with psycopg.connect(warehouse) as connection:
        [entry] = connection.execute("select actor, action, tenant_id, subject, details from ops.audit_log").fetchall()
    assert entry == ("ana", "export", "gym", "everything held of a person", {"rows": done.rows})
    assert not [secret for secret in (*WHO.secrets, "contact-1") if secret in done.path.name]


def test_an_erasure_removes_the_files_of_the_person_and_no_others(warehouse: str, tmp_path: Path) -> None:
    take_in(warehouse, WHO, OTHER)
    export(warehouse, tmp_path)
    with psycopg.connect(warehouse) as connection:
        other = export_person(connection, Selection("gym", phone=OTHER.phone), actor="ana", folder=tmp_path)
    erased = erase(warehouse, Selection("gym", phone=WHO.phone), actor="ana")
    assert remove_exports(tmp_path, erased.people) == 1
    assert list(tmp_path.glob("*.json")) == [other.path]


def test_a_file_that_is_there_is_left_alone_and_nothing_is_told_of_several_people(
    warehouse: str, tmp_path: Path
) -> None:
    take_in(warehouse, WHO)
    mine = tmp_path / "mine.json"
    mine.write_text("mine")
    with pytest.raises(FileExistsError):
        export(warehouse, tmp_path, mine)
    assert mine.read_text() == "mine"
    with psycopg.connect(warehouse) as connection:
        load(connection, "raw_chatwoot.contacts", [{"id": 50, "email": WHO.email}], "gym")
    with pytest.raises(FunilError, match="2 people"):
        export(warehouse, tmp_path)
    with psycopg.connect(warehouse) as connection:
        assert connection.execute("select count(*) from ops.audit_log").fetchone() == (0,)
