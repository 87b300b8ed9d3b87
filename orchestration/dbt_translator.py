"""How dbt's models look in Dagster: keys follow the warehouse, groups follow its schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from orchestration.keys import OWNER

# schemas that assets of ours fill per tenant
PER_TENANT = ("raw_chatwoot", "raw_bot", "analysis", "ml")


class WarehouseTranslator(DagsterDbtTranslator):
    """A model or source is where it is stored: `marts/fct_conversations`, `raw_chatwoot/messages`."""

    def __init__(self) -> None:
        # Views compute nothing: what reads one waits for what stands behind it, and new rows do not make it stale.
        super().__init__(DagsterDbtTranslatorSettings(enable_dbt_views_as_virtual_assets=True))
        self._specs: dict[tuple[int, str], dg.AssetSpec] = {}

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """A table also depends on what stands behind the views it reads.

        A run waits for that by itself, but a backfill of chosen partitions looks only at assets that have partitions: a
        view between raw tables and marts would cut it in two, and the second half would never be asked for.
        """
        place = (id(manifest), unique_id)
        if place not in self._specs:
            spec = super().get_asset_spec(manifest, unique_id, project)
            known = {dep.asset_key for dep in spec.deps} | {spec.key}
            behind = {self.get_asset_key(node) for node in _behind_views(manifest, unique_id)} - known
            self._specs[place] = spec.replace_attributes(deps=[*spec.deps, *sorted(behind)])
        return self._specs[place]

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        name = dbt_resource_props.get("alias") or dbt_resource_props.get("identifier") or dbt_resource_props["name"]
        return dg.AssetKey([dbt_resource_props["schema"], name])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props["schema"])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return " ".join(str(dbt_resource_props.get("description") or "").split())

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
        return [OWNER]

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """A test that found something is shown, and stops nobody: what comes after the table is other tenants' too."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None:
            return None
        return dg.AssetCheckSpec(
            spec.name,
            asset=spec.asset_key,
            description=spec.description,
            additional_deps=spec.additional_deps,
            metadata=spec.metadata,
            blocking=False,
        )


def _behind_views(manifest: Mapping[str, Any], unique_id: str) -> Iterator[Mapping[str, Any]]:
    """The per-tenant tables that a table reads through views; none for a view."""
    if _materialized(manifest, unique_id) != "incremental":
        return
    waiting = [parent for parent in manifest["parent_map"][unique_id] if _materialized(manifest, parent) == "view"]
    seen = set(waiting)
    while waiting:
        for parent in manifest["parent_map"][waiting.pop()]:
            if parent in seen:
                continue
            seen.add(parent)
            if _materialized(manifest, parent) == "view":
                waiting.append(parent)
            elif parent in manifest["nodes"] or manifest["sources"][parent]["schema"] in PER_TENANT:
                yield manifest["nodes"].get(parent) or manifest["sources"][parent]


def _materialized(manifest: Mapping[str, Any], unique_id: str) -> str | None:
    return manifest["nodes"].get(unique_id, {}).get("config", {}).get("materialized")


TRANSLATOR = WarehouseTranslator()
