"""Which server is the warehouse, and what is said when it cannot be had: never the password."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from funil.errors import FunilError
from tests.servers import Server
from warehouse.address import build_url
from warehouse.connect import Warehouse

NOWHERE = Path("/nonexistent")


@pytest.fixture
def old_server() -> Iterator[int]:
    """The port of something that greets as PostgreSQL 13 does, which no longer is to be had."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_greet, args=[listener], daemon=True).start()
        yield listener.getsockname()[1]


def _greet(listener: socket.socket) -> None:
    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    try:
        while True:
            client, _ = listener.accept()
            with client:
                while client.recv(8)[4:8] == struct.pack("!i", 80877103):  # may we use TLS?
                    client.sendall(b"N")
                client.recv(4096)
                parameters = {"server_version": "13.22", "client_encoding": "UTF8", "standard_conforming_strings": "on"}
                greeting = message(b"R", struct.pack("!i", 0))
                for name, value in parameters.items():
                    greeting += message(b"S", f"{name}\0{value}\0".encode())
                client.sendall(greeting + message(b"K", struct.pack("!ii", 1, 1)) + message(b"Z", b"I"))
                client.recv(4096)
    except OSError:
        return


def test_an_old_server_is_refused_naming_the_setting(old_server: int) -> None:
    with pytest.raises(FunilError, match=r"FUNIL_DATABASE_URL names a PostgreSQL 13; Funil needs 15"):
        Warehouse.open(NOWHERE, f"postgresql://u:p@127.0.0.1:{old_server}/db?sslmode=disable&gssencmode=disable")


def test_an_external_server_is_used_as_it_is(postgres_server: Server) -> None:
    url = postgres_server.create(migrated=False)
    try:
        warehouse = Warehouse.open(NOWHERE, url)
        assert not warehouse.is_embedded
        assert warehouse.dsn == warehouse.bi_dsn == url
        with warehouse.connect() as connection:
            assert connection.execute("select current_database()").fetchone() == (warehouse.parameters["dbname"],)
        name = warehouse.parameters["dbname"] + "_dagster"
        for _ in range(2):
            with psycopg.connect(warehouse.dagster_dsn) as connection:
                assert connection.execute("select current_database()").fetchone() == (name,)
        assert not NOWHERE.exists()
    finally:
        postgres_server.drop(url)


PASSWORD = "p@ss/w:rd %?#&é ü'\"\\"


def test_any_password_and_name_survive_the_url(embedded_server: Server, empty_database: str) -> None:
    parameters = conninfo_to_dict(empty_database)
    role = f"odd {parameters['dbname']}@/:"
    database = f"{parameters['dbname']} ü/?"
    with psycopg.connect(empty_database, autocommit=True) as connection:
        quoted = '"' + role.replace('"', '""') + '"'
        connection.execute(
            f"create role {quoted} login superuser password '{PASSWORD.replace(chr(39), chr(39) * 2)}'".encode()
        )
        try:
            connection.execute(f'create database "{database}"')
            tcp = conninfo_to_dict(embedded_server.tcp_url("postgres"))
            url = build_url(
                {**{k: str(v) for k, v in tcp.items()}, "user": role, "password": PASSWORD, "dbname": database}
            )
            with Warehouse.open(NOWHERE, url).connect() as odd:
                assert odd.execute("select current_user, current_database()").fetchone() == (role, database)
            import psycopg2
            from sqlalchemy import create_engine, text

            psycopg2.connect(url).close()
            plain = build_url(conninfo_to_dict(url) | {"dbname": "postgres"})  # SQLAlchemy does not decode the database
            engine = create_engine(plain)
            with engine.connect() as by_sqlalchemy:
                assert by_sqlalchemy.execute(text("select current_user")).scalar() == role
            engine.dispose()
        finally:
            connection.execute(f'drop database if exists "{database}" with (force)')
            connection.execute(f"drop role {quoted}")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3cr3t@127.0.0.1:1/db",
        "postgresql://u:s3cr3t@no-such-host.invalid/db",
        "postgresql://u:s3cr3t%zz@127.0.0.1/db",
        "postgresql://u:s3cr3t@127.0.0.1:port/db",
        "postgresql://u:s3cr3t@127.0.0.1/db?colour=s3cr3t",
        "host=127.0.0.1 s3cr3t",
        "mysql://u:s3cr3t@127.0.0.1/db",
    ],
)
def test_an_address_that_does_not_work_is_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(FunilError) as caught:
        Warehouse.open(NOWHERE, url)
    assert "FUNIL_DATABASE_URL" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_user_who_may_not_create_databases_is_told_which_one_is_needed(
    embedded_server: Server, empty_database: str
) -> None:
    name = str(conninfo_to_dict(empty_database)["dbname"])
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(f"create role reader_{name} login".encode())
        try:
            warehouse = Warehouse.open(NOWHERE, empty_database.replace("//funil@", f"//reader_{name}@"))
            with pytest.raises(FunilError, match=f"{name}_dagster.*CREATEDB"):
                _ = warehouse.dagster_dsn
        finally:
            connection.execute(f"drop role reader_{name}".encode())
