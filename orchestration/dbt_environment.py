"""The environment dbt runs in: the connection, and what the project's macros read when they execute."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from funil.settings import PROJECT_ROOT

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
# what makes dbt build something else than before
_CODE = ("macros/**/*", "models/**/*", "seeds/**/*", "dbt_project.yml")
_CODE_SUFFIXES = {".sql", ".yml", ".yaml", ".csv"}


def dbt_environment(dsn: str, *, tenants: Sequence[str] = (), rebuild: bool = False) -> dict[str, str]:
    """The variables dbt_project/ reads, for this warehouse.

    `tenants` limits tenant tables to these (all, if none is named); `rebuild` makes their rows anew, changed or not.
    The password's name begins as dbt wants it of secrets, so that dbt keeps it out of its logs.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
    return {
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "FUNIL_DBT_HOST": parts.get("host", "localhost"),
        "FUNIL_DBT_PORT": parts.get("port", "5432"),
        "FUNIL_DBT_USER": parts.get("user", ""),
        "FUNIL_DBT_DBNAME": parts.get("dbname", ""),
        "DBT_ENV_SECRET_FUNIL_PASSWORD": parts.get("password", ""),
        "FUNIL_DBT_PROJECT_HASH": project_hash(),
        "FUNIL_DBT_TENANTS": ",".join(tenants),
        "FUNIL_DBT_REBUILD": "1" if rebuild else "",
    }


def project_hash(project: Path = DBT_PROJECT) -> str:
    """A name for the project's present content: tables built under another are built anew."""
    digest = hashlib.sha256()
    for name, content in sorted(_files(project).items()):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _files(project: Path) -> Mapping[str, bytes]:
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for pattern in _CODE
        for path in project.glob(pattern)
        if path.suffix in _CODE_SUFFIXES and path.is_file()
    }
