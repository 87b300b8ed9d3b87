"""The views all tenants share: made when the code changed, and not at each tick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

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


def ensure_views(
    context: dg.AssetExecutionContext, models: DbtModels, dsn: str, part: Part, *, even_if_current: bool = False
) -> DbtOutcome | None:
    """Makes the views of this part unless they were made by the code as it is now; None if there was nothing to do.

    `before tables`: those that read no tenant table. `after tables`: those that do, once the tables exist.
    """
    names = models.first_views if part == "before tables" else models.last_views
    places = [".".join(key.path) for key, name in models.views.items() if name in names]
    if not names or (_current(dsn, part, places) and not even_if_current):
        return None
    with one_dbt_at_a_time(dsn):
        if _current(dsn, part, places) and not even_if_current:  # another run was making them
            return None
        context.log.info(f"The code has changed: making {len(names)} views.")
        outcome = _make(context, models, dsn, names)
        with connect(dsn) as connection:
            connection.execute(_NOTE, [part, project_hash()])
    return outcome


def _make(context: dg.AssetExecutionContext, models: DbtModels, dsn: str, names: Sequence[str]) -> DbtOutcome:
    outcome = run_dbt(
        build_arguments(models=names), manifest=models.manifest, environment=dbt_environment(dsn), context=context
    )
    if outcome.sentence:
        raise FunilError(outcome.sentence)
    for key, name in models.views.items():
        if name in outcome.built:
            context.log_event(
                dg.AssetMaterialization(asset_key=key, metadata={"seconds": round(outcome.built[name], 3)})
            )
    return outcome


def _current(dsn: str, part: Part, places: Sequence[str]) -> bool:
    with connect(dsn) as connection:
        return connection.execute(_CURRENT, [part, project_hash(), list(places)]).fetchone() == (True,)
