"""The views all tenants share: made when the code changed, and not at each tick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import dagster as dg

from funil.errors import FunilError
from orchestration.dbt_environment import dbt_environment, project_hash
from orchestration.dbt_invocation import DbtOutcome, build_arguments, one_dbt_at_a_time, run_dbt
from orchestration.dbt_models import DbtModels
from warehouse.connect import connect

Part = Literal["before tables", "after tables"]

# made by this code, and all still there: dropping a table takes the views over it along
_CURRENT = """
select
    exists (select from ops.view_builds where part = %s and project_hash = %s)
    and (select bool_and(to_regclass(name) is not null) from unnest(%s::text[]) as views (name))
"""
_NOTE = """
insert into ops.view_builds (part, project_hash) values (%s, %s)
on conflict (part) do update set project_hash = excluded.project_hash, built_at = now()
"""


def views_are_current(models: DbtModels, dsn: str) -> bool:
    """Whether all views were made by the code as it is now, and are still there."""
    return all(_is_current(models, dsn, part) for part in get_args(Part))


def ensure_views(
    context: dg.AssetExecutionContext, models: DbtModels, dsn: str, part: Part, *, even_if_current: bool = False
) -> DbtOutcome | None:
    """Makes the views of this part unless they were made by the code as it is now; None if there was nothing to do.

    `before tables`: those that read no tenant table. `after tables`: those that do, once the tables exist.
    """
    names = _names(models, part)
    if not names or (_is_current(models, dsn, part) and not even_if_current):
        return None
    with one_dbt_at_a_time(dsn):
        if _is_current(models, dsn, part) and not even_if_current:  # another run was making them
            return None
        context.log.info(f"The code has changed: making {len(names)} views.")
        outcome = run_dbt(
            build_arguments(models=names), manifest=models.manifest, environment=dbt_environment(dsn), context=context
        )
        if outcome.sentence:
            raise FunilError(outcome.sentence)
        note_views(context, models, dsn, outcome)
    return outcome


def note_views(context: dg.AssetExecutionContext, models: DbtModels, dsn: str, outcome: DbtOutcome) -> None:
    """Remembers which code made the views that dbt has just made; whoever made them holds `one_dbt_at_a_time`.

    Raises FunilError where one could not be made: all tenants read it.
    """
    if outcome.errors.keys() & set(models.views.values()):
        raise FunilError(outcome.sentence or "")
    for key, name in models.views.items():
        if name in outcome.built:
            context.log_event(
                dg.AssetMaterialization(asset_key=key, metadata={"seconds": round(outcome.built[name], 3)})
            )
    with connect(dsn) as connection:
        for part in get_args(Part):
            if outcome.built.keys() >= set(_names(models, part)):
                connection.execute(_NOTE, [part, project_hash()])


def _names(models: DbtModels, part: Part) -> Sequence[str]:
    return models.first_views if part == "before tables" else models.last_views


def _is_current(models: DbtModels, dsn: str, part: Part) -> bool:
    names = _names(models, part)
    places = [".".join(key.path) for key, name in models.views.items() if name in names]
    with connect(dsn) as connection:
        return not names or connection.execute(_CURRENT, [part, project_hash(), places]).fetchone() == (True,)
