"""Which models the manifest holds: the shared views and the tenant tables, and what they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dagster as dg

from orchestration.dbt_translator import TRANSLATOR

# the sources whose rows carry a _sync_id, that is: by which a tenant's tables can have become old
SYNCED_SOURCES = ("config", "raw_chatwoot", "raw_bot", "analysis")


@dataclass(frozen=True)
class DbtModels:
    manifest: Mapping[str, Any]

    @cached_property
    def tables(self) -> dict[dg.AssetKey, str]:
        """Tenant tables, built at each tick for the tenants in which something changed: name by key."""
        return self._named("incremental")

    @cached_property
    def views(self) -> dict[dg.AssetKey, str]:
        """Views, the same for all tenants: name by key."""
        return self._named("view")

    @cached_property
    def first_views(self) -> list[str]:
        """Views that read no tenant table: they can be, and are, made before any."""
        return sorted(name for name, late in self._late_views.items() if not late)

    @cached_property
    def last_views(self) -> list[str]:
        """Views over tenant tables: they are made once those exist."""
        return sorted(name for name, late in self._late_views.items() if late)

    @cached_property
    def synced_tables(self) -> list[str]:
        """Names, ready for SQL, of the stored tables whose rows say which sync changed them."""
        return sorted(
            source["relation_name"].split(".", 1)[1]  # without the database's
            for source in self.manifest["sources"].values()
            if source["source_name"] in SYNCED_SOURCES
        )

    def sources_of(self, *schemas: str) -> list[Mapping[str, Any]]:
        return [source for source in self.manifest["sources"].values() if source["schema"] in schemas]

    @cached_property
    def _late_views(self) -> dict[str, bool]:
        tables = {id for id, node in self._models.items() if node["config"]["materialized"] == "incremental"}
        return {
            node["name"]: bool(self._ancestors(id) & tables)
            for id, node in self._models.items()
            if node["config"]["materialized"] == "view"
        }

    @cached_property
    def _models(self) -> dict[str, Mapping[str, Any]]:
        return {id: node for id, node in self.manifest["nodes"].items() if node["resource_type"] == "model"}

    def _named(self, materialized: str) -> dict[dg.AssetKey, str]:
        return {
            TRANSLATOR.get_asset_key(node): node["name"]
            for node in self._models.values()
            if node["config"]["materialized"] == materialized
        }

    def _ancestors(self, id: str) -> set[str]:
        found: set[str] = set()
        waiting = [id]
        while waiting:
            for parent in self.manifest["parent_map"].get(waiting.pop(), []):
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found
