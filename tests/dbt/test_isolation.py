"""Whatever SQL arrives, other tenants might as well not exist: the answer is the same where they do not."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.dbt.conftest import Alone, Examples
from tests.dbt.examples_of_isolation import FOREIGN_WORD
from tests.dbt.readers import MINE, OTHER, Reader, declared, readable
from tests.dbt.statements import Generator, Statement
from warehouse.access import Kind

pytestmark = pytest.mark.xdist_group("dbt_examples")

# an agency reads everybody: nothing is kept from it
KINDS = [kind for kind in Kind if kind is not Kind.AGENCY]
# their word, prices and telephones; whoever writes these into a statement is shown them again
FOREIGN = re.compile(rf"{FOREIGN_WORD}|\b739[01]\.[05]|\+55869", re.I)

# at debug5 the server tells which pages it has to read first: that is another at every start
OF_PAGES = re.compile(r"a?io\b")


class Session:
    """One login on one database, each statement as if it were the first."""

    def __init__(self, reader: Reader, url: str) -> None:
        self._is_gateway = reader.kind is Kind.GATEWAY
        self._url = make_conninfo(url, user=reader.name)
        self._notices: list[str] = []
        self._connection = self._open()

    def _open(self) -> psycopg.Connection:
        connection = psycopg.connect(self._url, autocommit=True, prepare_threshold=None)
        connection.add_notice_handler(lambda notice: self._note(str(notice.message_primary)))
        self._begin(connection)
        return connection

    def _note(self, notice: str) -> None:
        if not OF_PAGES.match(notice):
            self._notices.append(notice)

    def _begin(self, connection: psycopg.Connection) -> None:
        if self._is_gateway:
            connection.execute(f"set funil.tenant = '{MINE}'".encode())

    def answers(self, statement: Statement) -> list[str]:
        """What comes back for each line: rows in any order, messages, errors."""
        told: list[str] = []
        for line in statement.lines:
            self._notices.clear()
            try:
                answer = self._ask(line)
            except psycopg.Error as error:
                answer = f"{type(error).__name__}: {error} {error.diag.message_detail} {error.diag.context}"
            told.append((answer + "".join(sorted(self._notices))).replace(self._connection.info.dbname, "warehouse"))
        try:
            self._connection.execute("rollback")
            self._connection.execute("discard all")
            self._begin(self._connection)
        except psycopg.Error:  # it was thrown out
            self._connection.close()
            self._connection = self._open()
        return told

    def _ask(self, line: str) -> str:
        with self._connection.cursor() as cursor:
            if line.startswith("copy") and "to stdout" in line:
                with cursor.copy(line.encode()) as rows:
                    lines = b"".join(bytes(row) for row in rows)
                return str(sorted(lines.splitlines()))
            cursor.execute(line.encode())
            found: list[Any] = cursor.fetchall() if cursor.description else []
            return str(sorted(map(str, found)))

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def sessions(
    told: Examples, alone: Alone, readers: Mapping[Kind, Reader]
) -> Iterator[Mapping[Kind, tuple[Session, Session]]]:
    """Each login where there are other tenants, and where it is alone."""
    made = {
        kind: (Session(reader, told.project.url), Session(reader, alone.urls[kind is Kind.SECRETARY]))
        for kind, reader in readers.items()
        if kind in KINDS
    }
    yield made
    for pair in made.values():
        for session in pair:
            session.close()


@pytest.mark.parametrize("kind", KINDS)
def test_no_statement_tells_a_login_that_other_tenants_exist(
    told: Examples, sessions: Mapping[Kind, tuple[Session, Session]], kind: Kind, long_tests: bool
) -> None:
    marts: dict[str, dict[str, str]] = {}
    mine: dict[str, list[str]] = {}
    for model, column, kinds in declared(told.project):
        marts.setdefault(model["name"], {})[column] = model["columns"][column]["data_type"]
        if kind.value in kinds:
            mine.setdefault(model["name"], []).append(column)
    generator = Generator(marts, mine, seed=20 + [*Kind].index(kind))
    among_others, by_itself = sessions[kind]
    answered: Counter[str] = Counter()
    for number in range(10_000 if long_tests else 80):
        statement = generator.make()
        if kind is Kind.GATEWAY and "funil.tenant" in str(statement):
            continue  # which tenant it acts for is what a gateway may say
        seen = among_others.answers(statement)
        if not FOREIGN.search(str(statement)):
            assert not FOREIGN.search(" ".join(seen)), f"{number}: {statement}\n{seen}"
        if not statement.is_about_the_server:
            expected = by_itself.answers(statement)
            assert seen == expected, f"{number}: {statement}\n{seen}\nbut alone\n{expected}"
        answered[statement.family] += bool(re.match(r"\[.+\]$", seen[-1], re.S))
    assert answered.total() > 20, f"the generator makes little that works: {answered}"
    assert not os.path.exists("/tmp/stolen")


@pytest.mark.parametrize("kind", [Kind.ADMIN, Kind.MARKETING])
def test_the_planner_has_not_seen_a_value_and_so_tells_none(
    told: Examples, readers: Mapping[Kind, Reader], kind: Kind
) -> None:
    """Row estimates come from statistics of all rows, policies or not: by halving, `explain` would tell what they hold."""
    url = told.project.url
    told_apart = []
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("analyze")
        for model in readable(told.project, kind):
            for column, data_type in _readable_columns(told, model, kind):
                table, name = sql.Identifier("marts", model["name"]), sql.Identifier(column)
                values = owner.execute(
                    sql.SQL("select distinct {0} from {1} where tenant_id = {2} and {0} is not null limit 2").format(
                        name, table, OTHER
                    )
                ).fetchall()
                for (value,) in values:
                    if isinstance(value, list | dict | bool):
                        continue
                    theirs = _estimate(readers[kind], table, name, sql.Literal(value))
                    nobodys = _estimate(readers[kind], table, name, sql.SQL(NOBODYS[data_type.partition("(")[0]]))
                    if theirs != nobodys:
                        told_apart.append(f"{model['name']}.{column}: {value} {theirs}, not {nobodys}")
    assert not told_apart, told_apart


NOBODYS = {
    "text": "'nobody has this'",
    "bigint": "987654321987",
    "integer": "987654321",
    "smallint": "32111",
    "double precision": "98765.4321",
    "numeric": "98765.43",
    "date": "date '1901-01-01'",
    "timestamp with time zone": "timestamptz '1901-01-01'",
    "time without time zone": "time '03:07:11'",
}


def _readable_columns(told: Examples, model: dict[str, Any], kind: Kind) -> list[tuple[str, str]]:
    return [
        (column, model["columns"][column]["data_type"])
        for other, column, kinds in declared(told.project)
        if other is model and kind.value in kinds
    ]


def _estimate(reader: Reader, table: sql.Identifier, column: sql.Identifier, value: sql.Composable) -> list[Any]:
    """Rows that are expected to equal it and to be less, each a million times over: whatever is rounded away shows."""
    query = sql.SQL("explain (format json) select from {} as m, generate_series(1, 1000000) where m.{} {} {}")
    plans = [reader.rows(query.format(table, column, sql.SQL(how), value))[0][0] for how in ("=", "<")]
    return [plan[0]["Plan"]["Plan Rows"] for plan in plans]
