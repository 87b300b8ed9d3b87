"""dbt as the product calls it, in this process: parsed once, run on any database."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner, dbtRunnerResult
from psycopg.conninfo import conninfo_to_dict

FOLDER = Path(__file__).resolve().parents[2] / "dbt_project"
# the name of the code that builds, unless a test says another
CODE = "as it is"
SHARED_VIEWS = ("build", "--selector", "shared_views", "--exclude-resource-type", "unit_test")
VIEWS_OVER_TABLES = ("build", "--selector", "views_over_tables", "--exclude-resource-type", "unit_test")
TENANT_TABLES = ("build", "--selector", "tenant_tables", "--exclude-resource-type", "unit_test")


class DbtFailed(AssertionError):
    """A dbt command failed; says of what."""


@dataclass
class Project:
    """The project on one database, parsed for it: a manifest names the database. dbt writes to `scratch`."""

    url: str
    scratch: Path
    manifest: Any
    content: dict[str, Any]
    """manifest.json, as others read it."""

    @classmethod
    def parse(cls, url: str, scratch: Path) -> Project:
        manifest = invoke(scratch, connection_variables(url), "parse").result
        return cls(url, scratch, manifest, json.loads((scratch / "target" / "manifest.json").read_text()))

    def on(self, url: str, scratch: Path) -> Project:
        """The same, on a database whose name is as long: parsing takes seconds."""
        mine, other = (str(conninfo_to_dict(each)["dbname"]).encode() for each in (self.url, url))
        assert len(mine) == len(other)
        return Project(url, scratch, pickle.loads(pickle.dumps(self.manifest).replace(mine, other)), self.content)

    def cut_down_to(self, *names: str) -> Project:
        """With these models and what they are made from, where it does not matter how many tables there are."""
        manifest = pickle.loads(pickle.dumps(self.manifest))
        for name in vars(manifest):
            if name.endswith("_lookup"):  # pickled in another order than they are read in, once they are made
                setattr(manifest, name, None)
        kept: set[str] = set()
        waiting = [id for id, node in manifest.nodes.items() if node.resource_type == "model" and node.name in names]
        while waiting:
            id = waiting.pop()
            if id not in kept and id in manifest.nodes:
                kept.add(id)
                waiting += manifest.nodes[id].depends_on.nodes
        for id, node in list(manifest.nodes.items()):
            needed = [each for each in node.depends_on.nodes if not each.startswith("source.")]
            if id not in kept and (node.resource_type == "model" or not kept.issuperset(needed)):
                del manifest.nodes[id]
        manifest.exposures.clear()
        manifest.unit_tests.clear()
        manifest.build_flat_graph()
        nodes = {id: node for id, node in self.content["nodes"].items() if id in manifest.nodes}
        return Project(self.url, self.scratch, manifest, {**self.content, "nodes": nodes})

    @property
    def models(self) -> list[dict[str, Any]]:
        return [node for node in self.content["nodes"].values() if node["resource_type"] == "model"]

    @property
    def tables(self) -> list[str]:
        """`schema.name` of every incremental table."""
        tables = (node for node in self.models if node["config"]["materialized"] == "incremental")
        return sorted(f"{node['schema']}.{node['name']}" for node in tables)

    def run(self, *arguments: str, **variables: str) -> dbtRunnerResult:
        """One dbt command; raises DbtFailed unless all of it worked."""
        return invoke(self.scratch, {**connection_variables(self.url), **variables}, *arguments, manifest=self.manifest)

    def build_views(self) -> None:
        self.run(*SHARED_VIEWS)

    def build_views_over_tables(self) -> None:
        self.run(*VIEWS_OVER_TABLES)

    def run_tables(self, *arguments: str, **variables: str) -> dbtRunnerResult:
        """The tenants' tables without their tests."""
        return self.run("run", "--selector", "tenant_tables", *arguments, **variables)

    def build_tables(self, *arguments: str, **variables: str) -> dbtRunnerResult:
        return self.run(*TENANT_TABLES, *arguments, **variables)


def connection_variables(url: str) -> dict[str, str]:
    given = conninfo_to_dict(url)
    return {
        "FUNIL_DBT_HOST": str(given.get("host") or ""),
        "FUNIL_DBT_PORT": str(given.get("port") or "5432"),
        "FUNIL_DBT_USER": str(given.get("user") or ""),
        "FUNIL_DBT_DBNAME": str(given.get("dbname") or ""),
        "DBT_ENV_SECRET_FUNIL_PASSWORD": str(given.get("password") or ""),
        # as a tick is given it: tables stand that the same code has built
        "FUNIL_DBT_PROJECT_HASH": CODE,
    }


def invoke(
    scratch: Path, variables: Mapping[str, str], command: str, *arguments: str, manifest: Any = None
) -> dbtRunnerResult:
    given = [
        *("--log-path", str(scratch / "logs"), "--log-level", "none", "--no-use-colors"),
        command,
        *arguments,
        *("--project-dir", str(FOLDER), "--profiles-dir", str(FOLDER), "--target-path", str(scratch / "target")),
    ]
    with environment({"DO_NOT_TRACK": "1", **variables}):
        result = dbtRunner(manifest=manifest).invoke(given)
    if not result.success:
        raise DbtFailed(f"dbt {command}: {result.exception or _failures(result)}")
    return result


def nodes_of(result: dbtRunnerResult) -> list[Any]:
    """What became of each node of a command."""
    return list(getattr(result.result, "results", []))


def _failures(result: dbtRunnerResult) -> str:
    nodes = nodes_of(result)
    told = [
        f"{node.node.name}: {node.status} {node.message}" for node in nodes if node.status not in ("success", "pass")
    ]
    return "\n".join(told) or "failed without a word"


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The process's environment with these variables, and with no other FUNIL_ one."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("FUNIL_DBT") or name == "FUNIL_AS_OF":
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
