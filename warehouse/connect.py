"""Which PostgreSQL is the warehouse: the embedded one, or the one FUNIL_DATABASE_URL names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict

from funil.errors import FunilError
from warehouse.address import WAREHOUSE_DATABASE, build_url
from warehouse.databases import ensure_database
from warehouse.embedded import EmbeddedPostgres

OLDEST_VERSION = 15
CONNECT_SECONDS = 10
SETTING = "FUNIL_DATABASE_URL"


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A PostgreSQL that answered. The addresses are libpq URLs, good for psycopg, psycopg2 and SQLAlchemy alike.

    They may hold a password: they are for connecting, never for printing (but for `funil db url`, which is asked to).
    """

    dsn: str = field(repr=False)
    """For this machine's processes: by unix socket where embedded."""
    bi_dsn: str = field(repr=False)
    """For BI tools: by TCP, with the password."""
    is_embedded: bool

    @classmethod
    def open(cls, home: Path, database_url: str | None) -> Self:
        """The warehouse of these settings, started if it is embedded. Raises FunilError if it cannot be had."""
        if database_url is None:
            address = EmbeddedPostgres(home).ensure_running()
            return cls(dsn=address.url(), bi_dsn=address.tcp_url(), is_embedded=True)
        url = _normalised(database_url)
        with connect(url) as connection:
            _check_version(connection)
        return cls(dsn=url, bi_dsn=url, is_embedded=False)

    def connect(self, **options: Any) -> psycopg.Connection:
        """A connection to the warehouse; options are psycopg's (autocommit, row_factory)."""
        return connect(self.dsn, **options)

    @property
    def dagster_dsn(self) -> str:
        """The database beside the warehouse in which Dagster keeps its runs; made if it is missing."""
        name = f"{conninfo_to_dict(self.dsn).get('dbname') or WAREHOUSE_DATABASE}_dagster"
        return self.sibling_dsn(name)

    def sibling_dsn(self, database: str) -> str:
        """The address of another database of the same server; made if it is missing."""
        with self.connect(autocommit=True) as connection:
            ensure_database(connection, database)
        return build_url(self.parameters | {"dbname": database})

    @property
    def parameters(self) -> dict[str, str]:
        """The address in parts (host, port, user, password, dbname), for what takes no URL, such as dbt's profile."""
        return {name: str(value) for name, value in conninfo_to_dict(self.dsn).items() if value is not None}


def connect(dsn: str, **options: Any) -> psycopg.Connection:
    """A connection that notices a vanished server. Raises FunilError, without the password, if none is to be had."""
    defaults: dict[str, Any] = {
        "application_name": "funil",
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    given = _parameters(dsn)
    defaults = {name: value for name, value in defaults.items() if name not in given}
    try:
        return psycopg.connect(dsn, **(defaults | options))
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        if password := given.get("password"):
            reason = reason.replace(password, "***")
        raise FunilError(
            f"The warehouse cannot be reached: {reason}. Check {SETTING}, or that the server runs if it is unset."
        ) from None


def _check_version(connection: psycopg.Connection) -> None:
    major = connection.info.server_version // 10_000
    if major < OLDEST_VERSION:
        raise FunilError(
            f"{SETTING} names a PostgreSQL {major}; Funil needs {OLDEST_VERSION} or later. "
            "Point it at a newer server, or unset it to use the embedded one."
        )


def _normalised(database_url: str) -> str:
    parameters = _parameters(database_url)
    return build_url(parameters | {"dbname": parameters.get("dbname") or parameters.get("user") or WAREHOUSE_DATABASE})


def _parameters(dsn: str) -> dict[str, str]:
    try:
        return {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
    except psycopg.ProgrammingError:  # its text quotes what it could not read, which may be the password
        raise FunilError(
            f"{SETTING} is not a PostgreSQL address. Write postgresql://user:password@host:5432/database, with special "
            "characters of the password percent-encoded (@ is %40)."
        ) from None
