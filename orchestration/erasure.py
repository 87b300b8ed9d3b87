"""Erasing a person to the end: the rows, what logs may have quoted, the totals, the server's files."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import dagster as dg

from funil.errors import FunilError
from funil.settings import Settings
from orchestration.dbt_environment import dbt_environment, project_hash
from orchestration.workspace import Workspace, open_warehouse
from warehouse.connect import Warehouse, connect
from warehouse.privacy.erase import erase, note_cleaned, note_nothing_to_rebuild, unfinished
from warehouse.privacy.exports import remove_exports
from warehouse.privacy.leftovers import clean_log, clean_tables
from warehouse.privacy.removal import REJECTED
from warehouse.privacy.selection import Selection
from warehouse.privacy.traces import NOTES, Traces, remove_from_database, remove_from_files

EXPORTS = "exports"
# the server's own files are cleaned by the server
_SERVERS = ("postgres", "data")
Say = Callable[[str], None]

_CAN_BUILD = """
select
    to_regclass('marts.fct_conversations') is not null,
    (select bool_and(project_hash = %s) from ops.view_builds)
"""


def erase_person(settings: Settings, selection: Selection, *, actor: str, say: Say) -> Mapping[str, int]:
    """Erases the person meant; rows removed by table. What could not be finished is said, and is done by the next call.

    Raises FunilError if nobody or several are meant; nothing was removed then.
    """
    warehouse = open_warehouse(settings)
    erasure = erase(warehouse.dsn, selection, actor=actor)
    say(f"{sum(erasure.rows.values()):,} rows removed (erasure {erasure.erasure_id} in ops.erasures).")
    exports = remove_exports(settings.home / EXPORTS, erasure.people)
    if exports:
        say(f"{exports} exports removed.")
    _clean_logs(settings, warehouse, erasure.traces)
    finish_erasures(settings, say=say)
    return erasure.rows


def finish_erasures(settings: Settings, *, say: Say) -> int:
    """Builds anew and cleans what erasures left to do, of this process or of one that was killed; how many there were."""
    warehouse = open_warehouse(settings)
    with warehouse.connect() as connection:
        waiting = unfinished(connection)
    for tenant_id in sorted({erasure.tenant_id for erasure in waiting if not erasure.is_rebuilt}):
        _rebuild(warehouse, tenant_id, say)
    if waiting:
        # where a row of theirs may have been refused, or told of in a note, and is not any more
        touched = {table for erasure in waiting for table in erasure.tables} | {REJECTED, *NOTES}
        busy = clean_tables(warehouse.dsn, touched)
        if not clean_log(warehouse.dsn):
            say(
                "This login may not have the server remove its write-ahead log, which holds the rows until it is recycled; "
                "grant it pg_checkpoint and pg_switch_wal, or wait."
            )
        with warehouse.connect() as connection:
            unfinished(connection)  # notes what was built
            if busy:
                say(
                    f"{', '.join(busy)}: in use, so the rows may still be in the server's files. The job 'erase', without "
                    "config, cleans them later; so does the weekly job 'retention'."
                )
                return len(waiting)
            for erasure in waiting:
                note_cleaned(connection, erasure.tenant_id, erasure.erasure_id)
    return len(waiting)


def _rebuild(warehouse: Warehouse, tenant_id: str, say: Say) -> None:
    """Makes the tenant's totals without whoever was erased. If that fails, the next tick owes it."""
    from orchestration.dbt_invocation import build_arguments, one_dbt_at_a_time, run_dbt
    from orchestration.dbt_manifest import load_manifest

    with warehouse.connect() as connection:
        row = connection.execute(_CAN_BUILD, [project_hash()]).fetchone()
    has_tables, views_are_current = row or (False, False)
    if has_tables and not views_are_current:
        say(f"The code has changed since the last run: the totals of {tenant_id} are built anew by the next one.")
        return
    if has_tables:
        try:
            environment = dbt_environment(warehouse.dsn, tenants=[tenant_id])
            with one_dbt_at_a_time(warehouse.dsn):
                sentence = run_dbt(
                    build_arguments(selector="tenant_tables"),
                    manifest=load_manifest(environment),
                    environment=environment,
                ).sentence
        except FunilError as error:
            sentence = str(error)
        if sentence:
            say(f"The totals of {tenant_id} could not be built anew; the next run does it. {sentence}")
            return
        say(f"The totals of {tenant_id} are built anew.")
        return
    with warehouse.connect() as connection:
        note_nothing_to_rebuild(connection, tenant_id)


def _clean_logs(settings: Settings, warehouse: Warehouse, traces: Traces) -> None:
    """Takes the person out of whatever quoted them: Dagster's events, and every log under FUNIL_HOME."""
    with connect(warehouse.dagster_dsn) as connection:
        changed = remove_from_database(connection, traces)
    clean_tables(warehouse.dagster_dsn, {f"public.{table}" for table in changed})
    remove_from_files(_files(settings.home), traces)


def _files(home: Path) -> Iterator[Path]:
    servers = home.joinpath(*_SERVERS)
    for folder, folders, names in os.walk(home):
        folders[:] = [name for name in folders if Path(folder, name) != servers]
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


class EraseConfig(dg.Config):
    """Whom to erase, as the marts name a person: no phone and no e-mail address belongs into a run's config.

    With neither tenant nor contact, what earlier erasures left undone is done.
    """

    tenant: str = ""
    contact: str = ""
    asked_by: str = "dagster"


@dg.op(
    name="erase_person",
    description="Erases a person (`contact`: a contact's number, or a person_id of the marts) of a tenant. Without either, finishes "
    "what an interrupted erasure left to do. 'funil erase' also finds people by phone and e-mail address.",
)
def erase_op(context, config: EraseConfig, workspace: Workspace) -> None:  # type: ignore[no-untyped-def]  # Dagster wants it bare
    try:
        if config.tenant or config.contact:
            selection = Selection(config.tenant, member=member_named(config.contact))
            rows = erase_person(workspace.settings, selection, actor=config.asked_by, say=context.log.info)
            context.add_output_metadata({"rows": sum(rows.values()), **rows})
        else:
            context.add_output_metadata({"finished": finish_erasures(workspace.settings, say=context.log.info)})
    except FunilError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def member_named(text: str) -> str:
    """A person's name in the marts; a number alone is a contact's."""
    return f"contact-{text}" if text.isdecimal() else text


@dg.job(
    name="erase",
    description="Forgets a person of a tenant, who does not come back with the next sync.",
    executor_def=dg.in_process_executor,
)
def erase_job() -> None:
    erase_op()
