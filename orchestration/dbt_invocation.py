"""Running dbt, as a process of its own, one at a time."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version as installed_version
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliInvocation
from packaging.version import Version

from funil.errors import FunilError
from orchestration.dbt_environment import DBT_PROJECT
from orchestration.dbt_manifest import DBT, dbt_target
from orchestration.dbt_translator import TRANSLATOR
from warehouse.connect import connect
from warehouse.locks import lock_key
from warehouse.quoted import without_values

# At debug, writing the log is a tenth of what an idle tick costs.
AS_A_TICK = {"PYTHONUNBUFFERED": "1", "DBT_LOG_FORMAT": "json", "DBT_LOG_LEVEL_FILE": "info"}

# Unit tests bring their own rows and belong to development; the tick's tables are tested as they are.
ALWAYS = ("--exclude-resource-type", "unit_test")


@dataclass
class DbtOutcome:
    """What dbt did with each model and test, by name."""

    built: dict[str, float] = field(default_factory=dict)
    """Models that were built, and the seconds each took."""
    errors: dict[str, str] = field(default_factory=dict)
    """Models and tests that could not be run, with the database's words."""
    failed_tests: list[str] = field(default_factory=list)
    """Tests that found rows they should not."""
    skipped: list[str] = field(default_factory=list)
    """Models left as they were, because of something before them."""
    checks: list[dg.AssetCheckResult] = field(default_factory=list)

    @property
    def at_fault(self) -> frozenset[str]:
        """The models and tests because of which not all was built."""
        return frozenset((*self.errors, *(self.failed_tests if self.skipped else ())))

    @property
    def sentence(self) -> str | None:
        """Why tables are not as they should be; None if all that was asked for was built."""
        if self.errors:
            name, words = next(iter(self.errors.items()))
            others = f" (and {len(self.errors) - 1} more)" if len(self.errors) > 1 else ""
            return f"dbt could not build {name}{others}: {words}"
        if self.skipped:
            return (
                f"The data test {', '.join(self.failed_tests) or '?'} failed, so {len(self.skipped)} tables that come "
                f"after it were left as they were: {', '.join(sorted(self.skipped)[:5])}."
            )
        return None


def build_arguments(*, selector: str | None = None, models: Sequence[str] = ()) -> list[str]:
    """`dbt build` of a selector of selectors.yml, of single models, or of all there is."""
    selection = ["--selector", selector] if selector else ["--select", *models] if models else []
    return ["build", *selection, *ALWAYS]


def run_dbt(
    arguments: Sequence[str],
    *,
    manifest: Mapping[str, Any],
    environment: Mapping[str, str],
    context: dg.AssetExecutionContext | None = None,
) -> DbtOutcome:
    """Runs dbt to its end; the caller holds `one_dbt_at_a_time`. Its words go to stdout, its files to FUNIL_HOME.

    Raises FunilError if dbt ends without having said what became of the models.
    """
    target = dbt_target()
    target.mkdir(parents=True, exist_ok=True)
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    # Not DbtCliResource: it asks `dbt --version`, which asks the package index, and loads the adapter it then has
    # no use for. The version is known here, and nothing of the adapter is used.
    invocation = DbtCliInvocation.run(
        args=[*DBT, *arguments],
        env={
            **os.environ,
            **environment,
            **AS_A_TICK,
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(target),
        },
        manifest=manifest,
        dagster_dbt_translator=TRANSLATOR,
        project_dir=DBT_PROJECT,
        target_path=target,
        raise_on_error=False,
        context=context,
        adapter=None,
        cli_version=Version(installed_version("dbt-core")),
    )
    outcome, last_words = DbtOutcome(), ""
    for event in invocation.stream_raw_events():
        info = event.raw_event["info"]
        if info.get("level") == "error":
            last_words = str(info["msg"])
        if event.is_result_event and info["name"] == "LogTestResult" and context is not None:
            outcome.checks.extend(
                result
                for result in event.to_default_asset_events(manifest, TRANSLATOR, context, target)
                if isinstance(result, dg.AssetCheckResult)
            )
    for result in json.loads(results.read_bytes())["results"] if results.exists() else ():
        _note(outcome, result, manifest)
    if invocation.process.returncode and not (outcome.errors or outcome.failed_tests or outcome.skipped):
        raise FunilError(f"dbt failed: {_one_line(last_words) or 'it did not say why'}. Its log is {target}/dbt.log.")
    return outcome


@contextmanager
def one_dbt_at_a_time(dsn: str) -> Iterator[None]:
    """dbt replaces views by renaming, and drops what hangs on them: two at once fail each other, in whichever process."""
    with connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [lock_key("dbt")])  # goes with the connection
        yield


def _note(outcome: DbtOutcome, result: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    status, kind = result["status"], result["unique_id"].partition(".")[0]
    name = manifest["nodes"].get(result["unique_id"], {}).get("name") or result["unique_id"].rpartition(".")[2]
    if status in ("error", "runtime error"):
        outcome.errors[name] = _one_line(result.get("message") or "")
    elif status == "fail":
        outcome.failed_tests.append(name)
    elif status == "skipped" and kind == "model":
        outcome.skipped.append(name)
    elif kind == "model":
        outcome.built[name] = float(result.get("execution_time") or 0)


def _one_line(words: str) -> str:
    """The database's own words, without dbt's frame around them."""
    words = re.sub(r"\x1b\[[0-9;]*m", "", words)
    words = re.sub(r"compiled code at .*", "", words)
    # a line of compiled SQL with a caret under it, or the row at fault, which is somebody's data
    words = re.sub(r"\s*(LINE \d+|DETAIL|CONTEXT):.*", "", words, flags=re.DOTALL)
    words = without_values(words)
    words = re.sub(r"^\s*(Database|Runtime|Compilation) Error in \w+ \w+ \([^)]*\)", "", words)
    return " ".join(words.split()).rstrip(".")[:400]
