from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from funil.tenants import Tenant
from sandbox.server.serve import SandboxServer
from sandbox.world.world import World
from sources.chatwoot.connection import Connection
from sources.chatwoot.rate_limit import RateLimiter
from sources.chatwoot.retry import RetryPolicy
from sources.chatwoot.sync import ChatwootSummary, sync_chatwoot


def tenant_at(
    base_url: str, account_id: int = 1, token: str = "admin-token", slug: str = "box", **chatwoot: Any
) -> Tenant:
    """A tenant whose Chatwoot is at that address; paced as fast as it goes."""
    settings = {"base_url": base_url, "account_id": account_id, "api_token": token, "requests_per_second": 5000}
    return Tenant.model_validate({"slug": slug, "name": "Box", "vertical": "gym", "chatwoot": {**settings, **chatwoot}})


def impatient(tenant: Tenant, attempts: int = 5) -> Connection:
    """A connection that waits for nothing, neither for the pace nor between retries."""
    limiter = RateLimiter(5000, sleep=lambda seconds: None)
    return Connection(tenant, limiter=limiter, retry=RetryPolicy(attempts=attempts, sleep=lambda seconds: None))


class Pretend:
    """A running sandbox server, and syncs of its tenants."""

    def __init__(self, server: SandboxServer, dsn: str) -> None:
        self.server = server
        self.dsn = dsn

    def tenant(self, slug: str, **chatwoot: Any) -> Tenant:
        account = self.server.world.tenants[slug].account
        return tenant_at(self.server.base_url(slug), account.id, account.api_token, slug, **chatwoot)

    def sync(self, slug: str, *, dsn: str | None = None, **options: Any) -> ChatwootSummary:
        options = {"connect": impatient, **options}
        return sync_chatwoot(self.tenant(slug), dsn or self.dsn, **options)

    def requests(self, slug: str) -> dict[str, int]:
        """What was asked since the last call, by endpoint."""
        traffic = self.server.installation(slug).traffic
        asked = dict(traffic.requests)
        traffic.reset()
        return asked

    def account(self, slug: str) -> Any:
        return self.server.world.tenants[slug].account


MakePretend = Callable[..., Pretend]


@pytest.fixture
def pretend(warehouse: str) -> Iterator[MakePretend]:
    """Starts a server over accounts made by hand (`pretend(box=account)`) or over a world (`pretend(world)`)."""
    servers: list[SandboxServer] = []

    def make(world: World | None = None, **accounts: Any) -> Pretend:
        server = SandboxServer(world) if world is not None else SandboxServer.for_accounts(accounts)
        servers.append(server.start())
        return Pretend(server, warehouse)

    yield make
    for server in servers:
        server.stop()
