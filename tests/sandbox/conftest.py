from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.server.serve import SandboxServer
from sandbox.world.records import Account
from tests.sandbox.account import ADMIN_TOKEN, AGENT_TOKEN, ANA, BOT_TOKEN, small_account


class Api:
    """A thin client for one account: `api.get("/conversations", status="all")`."""

    def __init__(self, server: SandboxServer, slug: str = "box", token: str | None = ADMIN_TOKEN) -> None:
        self.server = server
        self.slug = slug
        self.session = requests.Session()
        self.session.trust_env = False
        if token is not None:
            self.session.headers["api_access_token"] = token

    def raw(self, path: str, method: str = "GET", **options: Any) -> requests.Response:
        return self.session.request(method, self.server.base_url(self.slug) + path, timeout=10, **options)

    def answer(self, path: str, version: str = "v1", **params: Any) -> requests.Response:
        return self.raw(f"/api/{version}/accounts/1{path}", params=params)

    def get(self, path: str, version: str = "v1", **params: Any) -> Any:
        """`labels=["a", "b"]` travels as `labels[]=a&labels[]=b`."""
        for name in [name for name, value in params.items() if isinstance(value, list)]:
            params[f"{name}[]"] = params.pop(name)
        answer = self.answer(path, version, **params)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    def filter(self, *conditions: dict[str, Any], subject: str = "conversations", page: int = 1) -> requests.Response:
        path = f"/api/v1/accounts/1/{subject}/filter?page={page}"
        return self.raw(path, "POST", json={"payload": list(conditions)})

    def conversations(self, **params: Any) -> Any:
        return self.get("/conversations", **params)["data"]["payload"]


@pytest.fixture
def account() -> Account:
    return small_account()


@pytest.fixture
def server(account: Account) -> Iterator[SandboxServer]:
    options = {"agent_tokens": {AGENT_TOKEN: ANA}, "bot_tokens": {BOT_TOKEN: 1}, "other_accounts": (2,)}
    with SandboxServer.for_accounts({"box": account}, **options) as running:
        yield running


@pytest.fixture
def api(server: SandboxServer) -> Api:
    return Api(server)
