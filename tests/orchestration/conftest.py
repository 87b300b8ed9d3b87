"""An installation of the test's own: its home, its warehouse, its tenants.yaml, and a Dagster instance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from funil.settings import load_settings
from funil.tenants import Tenant
from orchestration.partitions import PARTITIONS_NAME


class House:
    """What the environment names while a test runs."""

    def __init__(self, home: Path, dsn: str) -> None:
        self.home, self.dsn = home, dsn
        self.tenants_file = home / "tenants.yaml"

    def write_tenants(self, *entries: dict[str, Any] | str) -> None:
        """tenants.yaml with these entries; a plain slug is a tenant whose bot nobody asks."""
        tenants = [entry if isinstance(entry, dict) else bot_tenant(entry) for entry in entries]
        self.tenants_file.write_text(yaml.safe_dump({"tenants": tenants}))


def bot_tenant(slug: str, database_url: str = "postgresql://nobody@127.0.0.1:9/nothing") -> dict[str, Any]:
    return {"slug": slug, "name": slug.title(), "vertical": "gym", "bot": {"database_url": database_url}}


@pytest.fixture
def house(home: Path, warehouse: str, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("FUNIL_DATABASE_URL", warehouse)
    monkeypatch.setenv("FUNIL_TENANTS", str(home / "tenants.yaml"))
    load_settings.cache_clear()
    return House(home, warehouse)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A Dagster instance on SQLite, gone after the test."""
    home = tmp_path / "dagster"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        yield instance


def add_keys(instance: dg.DagsterInstance, keys: Sequence[str]) -> None:
    instance.add_dynamic_partitions(PARTITIONS_NAME, list(keys))


def slugs(tenants: Sequence[Tenant]) -> list[str]:
    return [tenant.slug for tenant in tenants]
