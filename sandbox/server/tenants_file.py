"""The sandbox's tenants.yaml: the world's tenants with the addresses they are served at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from sandbox.server.worlds import ServedWorld

# Chatwoot safelists loopback, so that nothing is gained by going slower
REQUESTS_PER_SECOND = 500


def tenants_yaml(
    world: ServedWorld, base_urls: Mapping[str, str], bot_dsn: str | None, *, engine: str | None = None
) -> str:
    """`engine` reads every tenant's conversations, where one is given."""
    tenants = []
    for slug, tenant in world.tenants.items():
        entry: dict[str, Any] = {"slug": slug, **tenant.settings}
        entry["chatwoot"] = {
            "base_url": base_urls[slug],
            "account_id": tenant.account.id,
            "api_token": tenant.account.api_token,
            "requests_per_second": REQUESTS_PER_SECOND,
        }
        if tenant.bot is not None and bot_dsn is not None:
            entry["bot"] = {"database_url": bot_dsn.replace("{slug}", slug), "schema": "public"}
        if engine is not None:
            entry["analyzer"] = {"engine": engine}
        tenants.append(entry)
    header = "# Written by the sandbox at each start: the addresses below are its own.\n"
    return header + yaml.safe_dump({"tenants": tenants}, sort_keys=False, allow_unicode=True)
