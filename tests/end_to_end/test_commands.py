"""The command line, as a newcomer meets it: the demo, twice, and a plain sentence for every mistake."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.installation import Installation, succeeded

SANDBOX_TENANTS = ("boxcentral", "sorriso", "bellapele")
BOT_ONLY = "slug: {slug}\n    name: A\n    vertical: gym\n    bot: {{database_url: '{url}'}}"
UNREACHABLE = "postgresql://nobody:topsecret@127.0.0.1:9/nothing"


@pytest.fixture(scope="module")
def demo(empty_installation: Installation) -> subprocess.CompletedProcess[str]:
    empty_installation.variables["FUNIL_TENANTS"] = None  # the sandbox's own
    return succeeded(empty_installation.funil("demo", "--scale", "0.03"))


def test_the_demo_shows_every_tenants_headline_and_where_to_look_next(demo: subprocess.CompletedProcess[str]) -> None:
    for name in ("Box Central", "Sorriso", "Bella Pele", "make ui"):
        assert name in demo.stdout, demo.stdout
    *_, bella_pele = next(line for line in demo.stdout.splitlines() if "customers" in line).split("│")[:3]
    assert bella_pele.strip() == "-", "it has no bot, which alone tells of bookings"


def test_the_demo_again_writes_nothing(
    demo: subprocess.CompletedProcess[str], empty_installation: Installation
) -> None:
    before = empty_installation.query("select tenant_id, max(sync_id) from ops.sync_runs group by tenant_id")
    succeeded(empty_installation.funil("demo", "--scale", "0.03"))
    syncs = empty_installation.query(
        "select tenant_id, sync_id, requests, rows_written, rows_deleted from ops.sync_runs"
    )
    syncs = syncs[syncs["sync_id"] > syncs["tenant_id"].map(dict(before.itertuples(index=False, name=None)))]
    assert sorted(set(syncs["tenant_id"])) == sorted(SANDBOX_TENANTS)
    assert (syncs["rows_written"].sum(), syncs["rows_deleted"].sum()) == (0, 0)
    assert syncs.groupby("tenant_id")["requests"].sum().max() <= 15


def test_the_coming_week_is_planned_and_another_one_stands_beside_it(
    demo: subprocess.CompletedProcess[str], empty_installation: Installation
) -> None:
    [plan] = empty_installation.query("select * from marts.staffing_plan").itertuples()
    assert plan.tenant_id == "boxcentral"
    assert len(empty_installation.query("select * from marts.staffing_by_hour")) == 7 * 24
    shifts = empty_installation.query("select * from marts.staffing_shifts")
    assert (shifts["hours"].sum(), float(shifts["cost"].sum())) == (plan.person_hours, float(plan.cost))
    said = succeeded(empty_installation.funil("staffing", "--tenant", "boxcentral", "--within", "1m"))
    assert f"{float(plan.cost):,.2f}" in said.stdout
    assert "what if" in said.stdout
    assert_told(empty_installation.funil("staffing", "--tenant", "sorriso"), "sorriso", "staffing")


@pytest.mark.parametrize(
    ("tenants", "named"),
    [
        pytest.param(None, ("tenants.yaml",), id="no file"),
        pytest.param("tenants: [", ("tenants.yaml", "YAML"), id="not YAML"),
        pytest.param("customers: []", ("tenants.yaml", "tenants"), id="no list"),
        pytest.param(f"tenants:\n  - {BOT_ONLY.format(slug='a1', url='${NO_SUCH}')}", ("a1", "NO_SUCH"), id="variable"),
        pytest.param(
            f"tenants:\n  - {BOT_ONLY.format(slug='a1', url=UNREACHABLE)}\n    colour: red", ("a1", "colour"), id="key"
        ),
        pytest.param(f"tenants:\n  - {BOT_ONLY.format(slug='a1', url=UNREACHABLE)}", ("a1", "bot"), id="dead bot"),
    ],
)
def test_a_mistake_in_the_tenants_file_is_told_in_a_sentence(
    empty_installation: Installation, tmp_path: Path, tenants: str | None, named: tuple[str, ...]
) -> None:
    file = tmp_path / "tenants.yaml"
    if tenants is not None:
        file.write_text(tenants)
    said = empty_installation.funil("run", FUNIL_TENANTS=str(file))
    assert_told(said, *named)


def test_an_unknown_tenant_is_told_with_those_there_are(
    demo: subprocess.CompletedProcess[str], empty_installation: Installation
) -> None:
    assert_told(empty_installation.funil("run", "--tenant", "nobody"), "nobody", *SANDBOX_TENANTS)


def test_a_warehouse_that_cannot_be_reached_is_told_without_its_password(empty_installation: Installation) -> None:
    assert_told(empty_installation.funil("db", "url", FUNIL_DATABASE_URL=UNREACHABLE), "FUNIL_DATABASE_URL")


def test_a_setting_that_cannot_be_used_is_named(empty_installation: Installation) -> None:
    assert_told(empty_installation.funil("db", "url", FUNIL_TENANTS_PER_RUN="many"), "FUNIL_TENANTS_PER_RUN")


def assert_told(said: subprocess.CompletedProcess[str], *named: str) -> None:
    """The command failed, said so in words that name what is at fault, and showed neither traceback nor secret."""
    told = said.stdout + said.stderr
    assert said.returncode == 1, told
    assert "Traceback" not in told, told
    assert "topsecret" not in told, told
    for name in named:
        assert name in told, told
