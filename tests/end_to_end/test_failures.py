"""One tenant's failure stays its own: the others reach the marts, the failed keep what they had, a person is told."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.end_to_end.installation import Installation, succeeded
from tests.end_to_end.pretend import PretendWorlds

HEALTHY, WRONG_TOKEN, DEAD_HOST = "sorriso_7", "boxcentral_7", "bellapele_7"


@pytest.fixture(scope="module")
def worlds(installation: Installation) -> Iterator[PretendWorlds]:
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with PretendWorlds(installation, (7,), 0.04, end) as worlds:
        yield worlds


@pytest.fixture(scope="module")
def before(worlds: PretendWorlds) -> dict[str, int]:
    """Everything was well once: how many talks each tenant's mart held."""
    succeeded(worlds.installation.funil("run"))
    return talks_of(worlds.installation)


@pytest.fixture(scope="module")
def failed_run(worlds: PretendWorlds, before: dict[str, int]) -> subprocess.CompletedProcess[str]:
    """Then the world went on, one tenant's token was revoked and another's server died."""
    assert all(before.values())
    worlds.advance(48, unannounced=False)
    worlds.entries[WRONG_TOKEN]["chatwoot"]["api_token"] = "revoked"
    worlds.entries[DEAD_HOST]["chatwoot"]["base_url"] = "http://127.0.0.1:9"
    worlds.write_tenants()
    return worlds.installation.funil("run")


def talks_of(installation: Installation) -> dict[str, int]:
    counts = installation.query("select tenant_id, count(*) from marts.fct_conversations group by tenant_id")
    return dict(counts.itertuples(index=False, name=None))


def test_the_run_ends_failed_and_names_both_with_a_sentence_each(failed_run: subprocess.CompletedProcess[str]) -> None:
    assert failed_run.returncode == 1
    told = failed_run.stdout + failed_run.stderr
    assert "Traceback" not in told
    assert WRONG_TOKEN in told
    assert DEAD_HOST in told
    assert "api_token" in told
    assert "base_url" in told or "127.0.0.1:9" in told
    assert "revoked" not in told, "a secret was shown"


def test_the_healthy_tenant_is_done_to_the_marts(
    failed_run: subprocess.CompletedProcess[str], worlds: PretendWorlds, before: dict[str, int]
) -> None:
    assert talks_of(worlds.installation)[HEALTHY] == len(worlds.truth(HEALTHY)["conversations"]) > before[HEALTHY]


def test_the_failed_keep_what_they_had(
    failed_run: subprocess.CompletedProcess[str], worlds: PretendWorlds, before: dict[str, int]
) -> None:
    now = talks_of(worlds.installation)
    assert {slug: now[slug] for slug in (WRONG_TOKEN, DEAD_HOST)} == {
        slug: before[slug] for slug in (WRONG_TOKEN, DEAD_HOST)
    }


def test_each_failed_sync_is_kept_with_its_sentence_and_without_the_secret(
    failed_run: subprocess.CompletedProcess[str], worlds: PretendWorlds
) -> None:
    errors = worlds.installation.query("select tenant_id, error from ops.sync_runs where status = 'failed'")
    assert sorted(errors["tenant_id"]) == sorted([WRONG_TOKEN, DEAD_HOST])
    assert not errors["error"].str.contains("revoked").any()
    fresh = worlds.installation.query("select tenant_id, status from marts.tenant_freshness where source = 'chatwoot'")
    assert dict(fresh.itertuples(index=False, name=None)) == {
        HEALTHY: "fresh",
        WRONG_TOKEN: "failed",
        DEAD_HOST: "failed",
    }


def test_the_ui_shows_just_those_two_failed(
    failed_run: subprocess.CompletedProcess[str], worlds: PretendWorlds
) -> None:
    shown = worlds.installation.dagster_statuses("raw_chatwoot/conversations", "marts/fct_conversations")
    for asset, statuses in shown.items():
        assert {tenant: statuses[tenant] for tenant in worlds.tenants} == {
            HEALTHY: "MATERIALIZED",
            WRONG_TOKEN: "FAILED",
            DEAD_HOST: "FAILED",
        }, asset
