"""What every model owes its reader, and the project its house rules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from analyzers.prices import load_prices
from tests.dbt.conftest import Examples
from tests.dbt.project import FOLDER

pytestmark = pytest.mark.xdist_group("dbt_examples")

STRATEGIES = ("replace_tenants", "replace_found_tenants", "replace_conversations", "replace_keys")

JOIN = re.compile(r"\bjoin\b(?!\s+lateral)(?:(?!\bjoin\b|\bwhere\b|\bgroup by\b|\border by\b|\bunion\b).)*", re.S)
WINDOW = re.compile(r"partition by\s+([^)]*)", re.S)


def models(told: Examples, schema: str | None = None) -> Iterator[dict[str, Any]]:
    return (model for model in told.project.models if schema in (None, model["schema"]))


def code(path: Path) -> str:
    """SQL without its comments."""
    return re.sub(r"\{#.*?#\}|--[^\n]*", "", path.read_text(), flags=re.S)


def sql_files(folder: str) -> list[Path]:
    return sorted((FOLDER / folder).rglob("*.sql"))


def test_the_projects_own_unit_tests_pass(told: Examples) -> None:
    told.project.run("test", "--select", "test_type:unit")


def test_every_model_says_what_it_is_and_every_mart_column_too(told: Examples) -> None:
    silent = [model["name"] for model in models(told) if not model["description"].strip()]
    silent += [
        f"{model['name']}.{name}"
        for model in models(told, "marts")
        for name, column in model["columns"].items()
        if not column["description"].strip()
    ]
    assert not silent


def test_every_model_has_its_yml_beside_it(told: Examples) -> None:
    for model in models(told):
        path = FOLDER / model["original_file_path"]
        assert path.with_suffix(".yml").exists(), path


def test_every_mart_has_a_contract_and_one_grain(told: Examples) -> None:
    tested = [
        node["attached_node"]
        for node in told.project.content["nodes"].values()
        if node["resource_type"] == "test" and node["test_metadata"]["name"] == "grain"
    ]
    for model in models(told, "marts"):
        assert model["config"]["contract"]["enforced"], model["name"]
        keys = [constraint for constraint in model["constraints"] if constraint["type"] in ("primary_key", "unique")]
        if model["config"]["materialized"] == "view":
            assert not keys, f"{model['name']}: nothing enforces the key of a view"
        assert len(keys) + tested.count(model["unique_id"]) == 1, model["name"]


def test_the_warehouse_holds_every_condition_of_a_contract(told: Examples) -> None:
    held = told.rows(
        "waits",
        """
        select r.relname, c.contype::text, count(*)
        from pg_constraint as c
        join pg_class as r on r.oid = c.conrelid
        where r.relnamespace = 'marts'::regnamespace and c.contype in ('c', 'p', 'u')
        group by 1, 2
        """,
    )
    kinds = {"check": "c", "primary_key": "p", "unique": "u"}
    declared = Counter(
        (model["name"], kinds[constraint["type"]])
        for model in models(told, "marts")
        if model["config"]["materialized"] == "incremental"
        for owner in (model, *model["columns"].values())
        for constraint in owner["constraints"]
        if constraint["type"] in kinds
    )
    assert {(name, kind): count for name, kind, count in held} == declared
    assert sum(declared.values()) > 100


def test_tables_are_incremental_by_a_strategy_of_the_project(told: Examples) -> None:
    for model in models(told):
        if model["config"]["materialized"] != "view":
            assert model["config"]["materialized"] == "incremental", model["name"]
            assert model["config"]["incremental_strategy"] in STRATEGIES, model["name"]


def test_a_table_made_by_key_reads_the_tables_whose_changes_it_follows(told: Examples) -> None:
    """Otherwise it may be built before they have said what they changed."""
    names = {model["unique_id"]: model["name"] for model in models(told)}
    for model in models(told):
        meta = model["config"]["meta"]
        if model["config"].get("incremental_strategy") != "replace_keys":
            assert not meta.get("changed_by"), model["name"]
            assert not meta.get("changed_through"), model["name"]
            continue
        parents = {names.get(parent) for parent in model["depends_on"]["nodes"]}
        followed = {source.partition(".")[0] for source in (*meta["changed_by"], *meta.get("changed_through", ()))}
        assert followed, model["name"]
        missed = followed & set(names.values()) - parents
        assert not missed, f"{model['name']} follows {missed}, which it does not read"


def test_only_marts_are_views_over_tenant_tables(told: Examples) -> None:
    """The other views are made before any tenant table exists."""
    kinds = {model["unique_id"]: model["config"]["materialized"] for model in models(told)}
    for model in models(told):
        if model["config"]["materialized"] == "view" and model["schema"] != "marts":
            for parent in model["depends_on"]["nodes"]:
                assert kinds.get(parent, "view") == "view", f"{model['name']} reads {parent}"


# what compares tenants has to look across them; what it may show of others it says itself
ACROSS_TENANTS = {"peer_benchmarks_monthly.sql"}


def test_every_join_and_every_window_names_the_tenant() -> None:
    careless = []
    for path in (path for path in sql_files("models") if path.name not in ACROSS_TENANTS):
        text = code(path)
        careless += [f"{path.name}: {join.strip()[:90]}" for join in JOIN.findall(text) if not tenant_named(join)]
        careless += [f"{path.name}: partition by {by[:60]}" for by in WINDOW.findall(text) if "tenant_id" not in by]
    assert not careless, "\n".join(careless)


def tenant_named(join: str) -> bool:
    """Whether a join is on the tenant, or joins a row with something made of that row alone."""
    return (
        "tenant_id" in join or re.match(r"join\s+(lateral|generate_series|intermediate\.connected)", join) is not None
    )


def test_now_is_said_in_one_place() -> None:
    spoken = [
        path.name
        for path in [*sql_files("models"), *sql_files("macros"), *sql_files("tests")]
        if re.search(r"current_timestamp|current_date|\bnow\(\)|localtimestamp", code(path))
    ]
    assert spoken == ["as_of.sql"]


def test_no_merge_and_no_recursion() -> None:
    for path in [*sql_files("models"), *sql_files("macros")]:
        assert not re.search(r"\bmerge into\b|\bwith\s+recursive\b", code(path)), path.name


def test_every_macro_and_generic_test_has_a_doc_line(told: Examples) -> None:
    silent = [
        macro["name"]
        for macro in told.project.content["macros"].values()
        if macro["package_name"] == "funil" and not macro["description"].strip()
    ]
    assert not silent


def test_personal_data_is_in_one_mart_that_administrators_read(told: Examples) -> None:
    forbidden = re.compile(
        r"phone|e_?mail|content|message_text|comment|contact_name|lead_name|reasoning|condition|goal"
    )
    harmless = {"masked_phone", "has_comment"}
    for model in models(told, "marts"):
        if model["name"] == "dim_contact_pii":
            assert model["config"]["meta"]["readers"] == ["admin"]
            continue
        found = {name for name in model["columns"] if forbidden.search(name)} - harmless
        assert not found, f"{model['name']}: {found}"


def test_a_model_costs_a_bot_what_it_costs_an_analyzer() -> None:
    bots = yaml.safe_load((FOLDER / "dbt_project.yml").read_text())["vars"]["llm_prices"]["models"]
    analyzers = load_prices().prices
    shared = bots.keys() & analyzers.keys()
    assert shared
    for model in shared:
        assert bots[model] == {"input": analyzers[model].input, "output": analyzers[model].output}, model


def test_freshness_is_told_per_tenant_and_source(told: Examples) -> None:
    shown = "select source, status, lag_seconds, last_error from marts.tenant_freshness where {t} order by source"
    rows = told.rows("waits", shown)
    assert [(source, status) for source, status, _, _ in rows] == [("bot", "never"), ("chatwoot", "late")]


@pytest.mark.parametrize("variable", ["FUNIL_AS_OF"])
def test_now_can_be_another_instant(told: Examples, variable: str) -> None:
    told.project.run("run", "--select", "tenant_freshness", **{variable: "2026-04-01T13:00:00Z"})
    try:
        shown = "select status, lag_seconds from marts.tenant_freshness where {t} and source = 'chatwoot'"
        assert told.rows("waits", shown) == [("fresh", 3600)]
    finally:
        told.project.run("run", "--select", "tenant_freshness")
