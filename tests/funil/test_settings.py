"""Settings: the defaults of the design, and a sentence for a variable that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from funil.errors import FunilError
from funil.settings import PROJECT_ROOT, load_settings


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("FUNIL_HOME", "FUNIL_DATABASE_URL", "FUNIL_TENANTS", "FUNIL_TENANTS_PER_RUN"):
        monkeypatch.delenv(name, raising=False)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def test_state_is_kept_in_the_project_by_default() -> None:
    settings = load_settings()
    assert settings.home == PROJECT_ROOT / ".funil"
    assert settings.database_url is None
    assert settings.tenants_per_run == 25


def test_an_empty_database_url_means_the_embedded_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNIL_DATABASE_URL", " ")
    assert load_settings().database_url is None


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNIL_HOME", "")
    assert load_settings().home == PROJECT_ROOT / ".funil"


def test_the_sandbox_tenants_are_used_where_no_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FUNIL_HOME", str(tmp_path))
    settings = load_settings()
    if not (PROJECT_ROOT / "tenants.yaml").exists():
        assert settings.tenants_path == tmp_path / "sandbox" / "tenants.yaml"
        assert settings.uses_sandbox
    monkeypatch.setenv("FUNIL_TENANTS", str(tmp_path / "mine.yaml"))
    load_settings.cache_clear()
    assert load_settings().tenants_path == tmp_path / "mine.yaml"
    assert not load_settings().uses_sandbox


def test_a_bad_variable_is_one_sentence_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNIL_TENANTS_PER_RUN", "none")
    with pytest.raises(FunilError, match=r"FUNIL_TENANTS_PER_RUN cannot be used"):
        load_settings()


def test_the_database_url_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNIL_DATABASE_URL", "postgresql://funil:canary@db.example.com/funil")
    assert "canary" not in repr(load_settings())
