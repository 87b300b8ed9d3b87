"""A linter and prover of row-level security looks at the built warehouse and finds nothing that is not explained."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from tests.dbt.conftest import Examples
from warehouse.access import Kind

pytestmark = pytest.mark.xdist_group("dbt_examples")

EXPLAINED = Path(__file__).with_name("pgrls_explained.yaml")
SCHEMAS = ("marts", "ml", "config", "ops", "analysis", "access", "raw_chatwoot", "raw_bot", "staging", "intermediate")


def pgrls(told: Examples, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pgrls", *arguments, "--format", "json", "--database-url", told.project.url),
            *("--schemas", ",".join(SCHEMAS)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_finding_is_explained_and_every_explanation_is_needed(told: Examples) -> None:
    explained: dict[str, dict[str, str]] = yaml.safe_load(EXPLAINED.read_text())
    found = pgrls(told, "lint")["violations"]
    unexplained = [
        f"{each['rule_id']} {each['location']}: {each['message']}"
        for each in found
        if each["rule_id"] not in explained or not re.search(explained[each["rule_id"]]["where"], each["location"])
    ]
    assert not unexplained, "\n".join(unexplained)
    assert explained.keys() == {each["rule_id"] for each in found}
    open_tables = {each["location"] for each in found if each["rule_id"] == "SEC001"}
    with psycopg.connect(told.project.url) as owner:
        granted = owner.execute(_GRANTED_WITHOUT_POLICY).fetchall()
        assert not granted, "a table without policies is granted to somebody"
        assert open_tables >= {f"raw_bot.{name}" for name in ("leads", "conversations", "feedback")}
        policies = owner.execute(
            "select polname, polroles::regrole[]::text from pg_policy group by 1, 2 order by 1"
        ).fetchall()
        of_tenants = ",".join(kind.role for kind in Kind if kind is not Kind.AGENCY)
        expected = [("readers", f"{{{of_tenants}}}"), ("readers_of_many", "{funil_many}")]
        assert policies == expected, "permissive policies add up"


def test_no_row_can_be_written_and_no_view_passes_over_policies(told: Examples) -> None:
    for mode in ("anon", "cross-tenant", "write", "reachability", "escalation"):
        summary = pgrls(told, "verify", "--mode", mode)["summary"]
        assert summary["leak"] == 0, f"{mode}: {summary}"
        if mode == "write":
            assert summary["unverified"] == 0
            assert summary["isolated"] > 40


# of tables, views and columns, to anybody but the owner, where no policy stands before the rows
_GRANTED_WITHOUT_POLICY = """
select c.oid::regclass, g.grantee::regrole, g.privilege_type
from pg_class as c
cross join lateral (
    select * from aclexplode(c.relacl)
    union all
    select x.* from pg_attribute as a cross join lateral aclexplode(a.attacl) as x where a.attrelid = c.oid
) as g
join pg_namespace as n on n.oid = c.relnamespace
where
    n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    and g.grantee <> c.relowner
    and not (c.relkind = 'r' and c.relrowsecurity and g.privilege_type = 'SELECT')
    and not (c.relkind = 'v' and c.reloptions::text[] @> '{security_invoker=true}' and g.privilege_type = 'SELECT')
"""
