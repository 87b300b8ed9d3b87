"""Pretend worlds behind an installation: several seeds at once, each tenant of each with a slug of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import pandas as pd

from sandbox.server.serve import SandboxServer
from sandbox.world.world import World
from tests.end_to_end.installation import Installation
from tests.oracle.facts import Facts
from tests.oracle.world import facts_from_truth

# the sandbox's tenants promise all their customers the same; here one promises some more, some less
OVERRIDES = {
    "sorriso": [
        {"inbox": 2, "first_response": "15m", "resolution": "24h"},
        {"inbox": 3, "resolution": "12h", "business_hours_only": False},
        {"priority": "high", "first_response": "5m", "resolution": "12h", "business_hours_only": False},
        {"priority": "urgent", "first_response": "2m", "next_response": "2m"},
        {"inbox": 2, "priority": "high", "next_response": "10m", "resolution": "8h"},
    ]
}
ANALYSIS = """
select conversation_id as talk_id, is_lead, lead_probability, visit_scheduled, visit_at, intent, sentiment
from analysis.conversation_analysis where tenant_id = %s
"""
SYNC_RUNS = """
select source, sync_id, status, finished_at, source_clock, error from ops.sync_runs
where tenant_id = %s order by sync_id
"""


@dataclass
class PretendWorlds:
    """A server per seed, serving from threads of this process; `advance` moves all of them."""

    installation: Installation
    seeds: Sequence[int]
    scale: float
    end: datetime
    # makes a bot's database, by name; None: on the warehouse's own server
    bots: Callable[[str], str] | None = None
    tenants: dict[str, tuple[int, str]] = field(default_factory=dict)
    _servers: dict[int, SandboxServer] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.installation.write_tenants()
        for seed in self.seeds:
            world = World.generate(seed=seed, scale=self.scale, end=self.end)
            databases = {
                slug: (self.bots or self.installation.create_database)(f"bot_{seed}_{slug}")
                for slug, tenant in world.tenants.items()
                if tenant.bot is not None
            }
            template = next(iter(databases.values())).rpartition("_")[0] + "_{slug}"
            server = self._open.enter_context(SandboxServer(world, bot_dsn=template))
            self._servers[seed] = server
            for slug, tenant in world.tenants.items():
                self.tenants[f"{slug}_{seed}"] = (seed, slug)
                entry = _entry(f"{slug}_{seed}", tenant, server.base_url(slug), databases.get(slug))
                self.installation.tenants[f"{slug}_{seed}"] = entry
        self.installation.write_tenants()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def advance(self, hours: float, *, unannounced: bool, seeds: Collection[int] | None = None) -> None:
        """All worlds, or those of some seeds, live on."""
        for seed, server in self._servers.items():
            if seeds is None or seed in seeds:
                server.advance(hours, unannounced)

    def settings(self, tenant_id: str) -> dict[str, Any]:
        """As in tenants.yaml."""
        return dict(self.installation.tenants[tenant_id])

    def account(self, tenant_id: str) -> Any:
        seed, slug = self.tenants[tenant_id]
        return self._servers[seed].world.tenants[slug].account

    def truth(self, tenant_id: str) -> dict[str, pd.DataFrame]:
        seed, slug = self.tenants[tenant_id]
        return dict(self._servers[seed].world.truth(slug))

    def facts(self, tenant_id: str) -> Facts:
        """The truth of now, with what the analyzer said of each talk and the clocks the last syncs saw."""
        runs = self.installation.query(SYNC_RUNS, tenant_id)
        succeeded = runs[runs["status"] == "succeeded"]
        clocks = dict(zip(succeeded["source"], succeeded["source_clock"], strict=True))
        return facts_from_truth(
            self.settings(tenant_id),
            self.truth(tenant_id),
            analysis=self.installation.query(ANALYSIS, tenant_id),
            as_of=clocks.get("chatwoot") or clocks.get("bot"),
            has_reports=self.account(tenant_id).enterprise,
            sync_runs=runs,
        )

    def all_facts(self) -> Iterator[Facts]:
        return (self.facts(tenant_id) for tenant_id in self.tenants)


def _entry(slug: str, tenant: Any, base_url: str, bot_dsn: str | None) -> dict[str, Any]:
    entry = {
        **tenant.settings,
        "slug": slug,
        "sla": {**tenant.settings["sla"], "overrides": OVERRIDES.get(tenant.settings["slug"], [])},
        "chatwoot": {
            "base_url": base_url,
            "account_id": tenant.account.id,
            "api_token": tenant.account.api_token,
            "requests_per_second": 500,
        },
    }
    if bot_dsn is not None:
        entry["bot"] = {"database_url": bot_dsn}
    return entry
