"""One tenant's failure stays its own: the others reach the marts, the failed keep what they had, a person is told."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from copy import deepcopy

import pytest

from tests.end_to_end.conftest import TROUBLED_SEED, House
from tests.end_to_end.installation import Installation
from tests.end_to_end.pretend import PretendWorlds

HEALTHY, WRONG_TOKEN, DEAD_HOST = (f"{slug}_{TROUBLED_SEED}" for slug in ("sorriso", "boxcentral", "bellapele"))


@pytest.fixture(scope="module")
def worlds(house: House) -> PretendWorlds:
    return house.troubled


@pytest.fixture(scope="module")
def before(worlds: PretendWorlds) -> dict[str, int]:
    """Everything was well once: how many talks each tenant's mart held."""
    counts = talks_of(worlds.installation)
    assert all(counts[slug] for slug in worlds.tenants)
    return counts


@pytest.fixture(scope="module")
def failed_run(worlds: PretendWorlds, before: dict[str, int]) -> Iterator[subprocess.CompletedProcess[str]]:
    """Then the world went on, one tenant's token was revoked and another's server died."""
    installation = worlds.installation
    worlds.advance(48, unannounced=False)
    well = deepcopy(installation.tenants)
    installation.tenants[WRONG_TOKEN]["chatwoot"]["api_token"] = "revoked"
    installation.tenants[DEAD_HOST]["chatwoot"]["base_url"] = "http://127.0.0.1:9"
    installation.write_tenants()
    yield installation.funil("run")
    installation.tenants = well
    installation.write_tenants()


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
    statuses = dict(fresh.itertuples(index=False, name=None))
    assert {slug: statuses[slug] for slug in worlds.tenants} == {
        HEALTHY: "fresh",
        WRONG_TOKEN: "failed",
        DEAD_HOST: "failed",
    }


def test_the_ui_shows_just_those_two_failed(
    failed_run: subprocess.CompletedProcess[str], worlds: PretendWorlds
) -> None:
    shown = worlds.installation.dagster_statuses(
        "raw_chatwoot/conversations",
        "raw_bot/leads",
        "analysis/conversation_analysis",
        "marts/fct_conversations",
        "ops/tick",
    )
    bots = shown.pop("raw_bot/leads")
    assert {bots[tenant] for tenant in worlds.tenants} == {"MATERIALIZED"}, "the bots answered"
    for asset, statuses in shown.items():
        failed = {tenant for tenant, status in statuses.items() if status == "FAILED"}
        assert failed == {WRONG_TOKEN, DEAD_HOST}, asset
        assert statuses[HEALTHY] == "MATERIALIZED", asset
