"""An installation of its own for a test: a FUNIL_HOME in a temporary folder, driven as a person would drive it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import yaml
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
# settings of the person who runs the tests must not leak into the installation
OURS = ("FUNIL_", "OPENAI_", "DAGSTER_", "DBT_")


@dataclass
class Installation:
    """`funil` runs in a process of its own; figures are read over SQL, as a BI tool reads them."""

    home: Path
    # the entries of tenants.yaml, by slug
    tenants: dict[str, dict[str, Any]] = field(default_factory=dict)
    # added to the environment; None takes a variable away
    variables: dict[str, str | None] = field(default_factory=dict)
    _url: str | None = None

    @property
    def tenants_file(self) -> Path:
        return self.home.parent / "tenants.yaml"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        own = {"FUNIL_HOME": str(self.home), "FUNIL_TENANTS": str(self.tenants_file), "NO_COLOR": "1", "COLUMNS": "200"}
        return {name: value for name, value in (inherited | own | self.variables).items() if value is not None}

    def write_tenants(self) -> None:
        """Writes tenants.yaml as `tenants` has it now; an empty list is a good file too."""
        document = {"tenants": list(self.tenants.values())}
        self.tenants_file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")

    def funil(self, *arguments: str, timeout: float = 300, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs the installed console script and returns what it said; never raises for its exit code."""
        return subprocess.run(
            [str(Path(sys.executable).with_name("funil")), *arguments],
            cwd=ROOT,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def scheduled(self, schedule: str, timeout: float = 900) -> subprocess.CompletedProcess[str]:
        """Executes what a schedule asks for at its tick, in a process of its own."""
        return self._with_dagster("scheduled", schedule, timeout=timeout)

    def dagster_statuses(self, *assets: str) -> dict[str, dict[str, str]]:
        """Of each asset, what the Dagster UI shows of each tenant: MATERIALIZED, FAILED ..."""
        shown = self._with_dagster("partition_statuses", *assets)
        assert shown.returncode == 0, shown.stderr
        return dict(json.loads(shown.stdout))

    def _with_dagster(self, module: str, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", f"tests.end_to_end.{module}", *arguments],
            cwd=ROOT,
            env=self.environment | {"DAGSTER_HOME": str(self.home / "dagster"), "DAGSTER_DISABLE_TELEMETRY": "1"},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    @property
    def url(self) -> str:
        """The warehouse's address, as `funil db url` prints it."""
        if self._url is None:
            printed = self.funil("db", "url")
            assert printed.returncode == 0, printed.stderr
            self._url = printed.stdout.strip()
        return self._url

    def query(self, statement: str, *parameters: object) -> pd.DataFrame:
        return self._query(self.url, statement, *parameters)

    def query_dagster(self, statement: str, *parameters: object) -> pd.DataFrame:
        """Of what Dagster stores, which is in a database beside the warehouse."""
        return self._query(f"{self.url.rpartition('/')[0]}/funil_dagster", statement, *parameters)

    @staticmethod
    def _query(url: str, statement: str, *parameters: object) -> pd.DataFrame:
        with psycopg.connect(url) as connection:
            cursor = connection.execute(statement.encode(), parameters)
            assert cursor.description is not None
            return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description], dtype=object)

    def create_database(self, name: str) -> str:
        """Another database on the warehouse's server, empty; returns its address."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            info = connection.info
            return f"postgresql://{info.user}:{info.password}@{info.host}:{info.port}/{name}"

    def stop(self) -> None:
        self.funil("db", "stop")


def succeeded(run: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """The run itself, once it is sure that it ended well."""
    assert run.returncode == 0, f"exit {run.returncode}\n{run.stdout[-4000:]}\n{run.stderr[-4000:]}"
    return run
