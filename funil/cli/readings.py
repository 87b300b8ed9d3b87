"""What `funil analyze evaluate` and `compare` read, and what the engines say of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from funil.cli.console import err
from funil.cli.label import tenant_of, transcript_of
from funil.cli.workspace import open_workspace
from funil.errors import FunilError
from funil.tenants import AnalyzerSettings

if TYPE_CHECKING:
    from analyzers import AnalysisResult, Analyzer, Transcript
    from analyzers.label import Label
    from analyzers.spending import Spending

STORED = "stored"


@dataclass(frozen=True, slots=True)
class What:
    """Which conversations: `on` is test, development, labels or conversations; see the options of the command."""

    on: str
    vertical: str | None = None
    tenant_id: str | None = None
    count: int = 200


@dataclass(frozen=True, slots=True)
class Chosen:
    """Conversations in order, with their labels where there are any."""

    transcripts: tuple[Transcript, ...]
    labels: tuple[Label, ...] | None


def choose(what: What) -> Chosen:
    """The conversations asked for. Raises FunilError."""
    if what.on in ("test", "development"):
        return _shipped(what)
    if what.on not in ("labels", "conversations"):
        raise FunilError(f"--on is '{what.on}'; it can be test, development, labels or conversations.")
    if what.tenant_id is None:
        raise FunilError(f"--on {what.on} needs --tenant: whose?")
    return _labelled(what.tenant_id) if what.on == "labels" else _own(what.tenant_id, what.count)


def read(name: str, what: What, chosen: Chosen) -> tuple[str, list[AnalysisResult]]:
    """The engine's version, and what it says of the conversations. Raises FunilError."""
    if name == STORED:
        return STORED, _stored(what, chosen)
    with _spending(name, what) as spending:
        analyzer = _analyzer(name, spending)
        return f"{name}, {analyzer.prompt_version}", analyzer.analyze(chosen.transcripts)


@contextmanager
def _spending(name: str, what: What) -> Iterator[Spending | None]:
    """What a paid engine may spend on a tenant's conversations: the tenant's own budget. None for anything else."""
    if what.tenant_id is None or name.partition(":")[0] == "regex":
        yield None
        return
    from warehouse.spending import open_spending

    workspace = open_workspace()
    with open_spending(workspace.warehouse.dsn, tenant_of(workspace.tenants(), what.tenant_id)) as spending:
        yield spending


def _analyzer(name: str, spending: Spending | None) -> Analyzer:
    from analyzers import AnalyzerSettingsError, build_analyzer

    engine, _, model = name.partition(":")
    try:
        settings = AnalyzerSettings.model_validate({"engine": engine, "model": model or None})
        return build_analyzer(settings, spending=spending)
    except ValidationError:
        raise FunilError(
            f"There is no engine '{engine}'; analyzer.engine in tenants.yaml knows the same ones."
        ) from None
    except AnalyzerSettingsError as error:
        raise FunilError(str(error)) from None


def _shipped(what: What) -> Chosen:
    from analyzers.labelled_conversations import labelled_conversations

    split = "test" if what.on == "test" else "development"
    found = [one for one in labelled_conversations(split) if what.vertical in (None, one.transcript.vertical)]
    if not found:
        raise FunilError(f"There are no labelled conversations of the vertical '{what.vertical}'.")
    if split == "test":
        err.print("These judge: look at the totals, and change rules or prompts by the development half.", style="dim")
    return Chosen(tuple(one.transcript for one in found), tuple(one.label for one in found))


def _labelled(tenant_id: str) -> Chosen:
    from analyzers.label import Label
    from warehouse.connect import connect
    from warehouse.labels import conversations, labels_of

    workspace = open_workspace()
    tenant = tenant_of(workspace.tenants(), tenant_id)
    with connect(workspace.warehouse.dsn) as connection:
        labels = {one.conversation_id: one for one in labels_of(connection, tenant.slug)}
        stored = conversations(connection, tenant.slug, list(labels))
    transcripts = [transcript_of(tenant, one.conversation_id, one.messages) for one in stored]
    same = [one for one in transcripts if one.content_hash == labels[one.conversation_id].content_hash]
    if left_out := len(labels) - len(same):
        err.print(f"{left_out} labels are left out: their conversations have gone on or gone since.", style="dim")
    if not same:
        raise FunilError(f"Tenant '{tenant_id}' has no labels; 'funil analyze label --tenant {tenant_id}' makes them.")
    found = [Label.model_validate(labels[one.conversation_id].fields) for one in same]
    return Chosen(tuple(same), tuple(found))


def _own(tenant_id: str, count: int) -> Chosen:
    from warehouse.connect import connect
    from warehouse.labels import conversations, sample

    workspace = open_workspace()
    tenant = tenant_of(workspace.tenants(), tenant_id)
    with connect(workspace.warehouse.dsn) as connection:
        stored = conversations(connection, tenant.slug, sample(connection, tenant.slug, count))
    if not stored:
        raise FunilError(f"Tenant '{tenant_id}' has no analysed conversations; run 'funil run' first.")
    return Chosen(tuple(transcript_of(tenant, one.conversation_id, one.messages) for one in stored), None)


def _stored(what: What, chosen: Chosen) -> list[AnalysisResult]:
    from analyzers import AnalysisResult
    from warehouse.connect import connect
    from warehouse.labels import stored_readings

    if what.tenant_id is None:
        raise FunilError(
            "'stored' is what the warehouse holds of a tenant: it needs --tenant, and --on labels or conversations."
        )
    names: Sequence[str] = [one.conversation_id for one in chosen.transcripts]
    with connect(open_workspace().warehouse.dsn) as connection:
        rows = stored_readings(connection, what.tenant_id, names)
    stale = [
        one.conversation_id
        for one in chosen.transcripts
        if one.conversation_id not in rows or rows[one.conversation_id]["content_hash"] != one.content_hash
    ]
    if stale:
        raise FunilError(
            f"{len(stale)} of the conversations have changed since they were analysed; run 'funil run --tenant "
            f"{what.tenant_id}' first."
        )
    known = AnalysisResult.model_fields.keys()
    return [
        AnalysisResult.model_validate(
            {"asked_of": STORED} | {key: value for key, value in rows[name].items() if key in known}
        )
        for name in names
    ]
