"""Throttling and faults: what the client has to live with."""

from __future__ import annotations

import time

import pytest
import requests

from sandbox.server.serve import SandboxServer
from sandbox.server.throttle import CHATWOOT_RULES, Throttle, requests_limit
from tests.sandbox.account import small_account
from tests.sandbox.conftest import Api


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_loopback_is_safelisted(api: Api) -> None:
    assert all(api.answer("/conversations/meta").status_code == 200 for _ in range(40))


def test_windows_are_fixed_and_there_is_no_retry_after() -> None:
    clock = Clock()
    throttle = Throttle(safelist_loopback=False, rules=requests_limit(5), clock=clock)
    with SandboxServer.for_accounts({"box": small_account()}, throttle=throttle) as server:
        api = Api(server)
        assert [api.answer("/agents").status_code for _ in range(7)] == [200] * 5 + [429] * 2
        refused = api.answer("/agents")
        assert refused.text == "Retry later\n"
        assert refused.headers["Content-Type"] == "text/plain"
        assert "Retry-After" not in refused.headers
        clock.now += 60 - clock.now % 60
        assert api.answer("/agents").status_code == 200


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/api/v1/accounts/1/conversations/meta", 30),
        ("/api/v1/accounts/1/contacts/search?q=a", 100),
        ("/api/v2/accounts/1/reports/summary?type=account&since=0&until=1", 100),
    ],
)
def test_some_paths_have_limits_of_their_own(path: str, limit: int) -> None:
    throttle = Throttle(safelist_loopback=False, rules=CHATWOOT_RULES, clock=Clock())
    with SandboxServer.for_accounts({"box": small_account()}, throttle=throttle) as server:
        api = Api(server)
        assert [api.raw(path).status_code for _ in range(limit + 1)] == [200] * limit + [429]
        assert api.answer("/agents").status_code == 200


def test_a_burst_of_429s_and_then_none(server: SandboxServer, api: Api) -> None:
    server.misbehave("box", "throttle", count=3)
    assert [api.answer("/agents").status_code for _ in range(5)] == [429] * 3 + [200] * 2
    assert server.installation("box").traffic.statuses == {429: 3, 200: 2}


def test_errors_of_rails_and_of_proxies(server: SandboxServer, api: Api) -> None:
    server.misbehave("box", "error", count=1)
    server.misbehave("box", "error", count=1, status=502)
    own, proxy = api.answer("/agents"), api.answer("/agents")
    assert (own.status_code, own.json()) == (500, {"status": 500, "error": "Internal Server Error"})
    assert (proxy.status_code, proxy.headers["Content-Type"]) == (502, "text/html; charset=utf-8")


def test_faults_can_keep_to_an_endpoint_and_to_a_probability(server: SandboxServer, api: Api) -> None:
    server.misbehave("box", "error", endpoints=["labels.list"], probability=0.5, seed=3)
    assert all(api.answer("/agents").status_code == 200 for _ in range(10))
    first = [api.answer("/labels").status_code for _ in range(30)]
    assert {200, 500} == set(first)
    server.behave("box")
    server.misbehave("box", "error", endpoints=["labels.list"], probability=0.5, seed=3)
    assert [api.answer("/labels").status_code for _ in range(30)] == first
    server.behave("box")
    assert all(api.answer("/labels").status_code == 200 for _ in range(10))


def test_slow_answers(server: SandboxServer, api: Api) -> None:
    server.misbehave("box", "slow", count=1, seconds=0.3)
    started = time.monotonic()
    api.get("/agents")
    assert time.monotonic() - started >= 0.3


def test_a_body_cut_in_the_middle(server: SandboxServer, api: Api) -> None:
    server.misbehave("box", "cut", count=1)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        api.answer("/agents")
    assert len(api.get("/agents")) == 3


def test_a_body_that_is_no_json(server: SandboxServer, api: Api) -> None:
    server.misbehave("box", "garbage", count=1)
    answer = api.answer("/agents")
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_a_connection_reset(server: SandboxServer, api: Api) -> None:
    server.misbehave("box", "reset", count=1)
    with pytest.raises(requests.exceptions.ConnectionError) as failure:
        api.answer("/agents")
    assert "reset by peer" in str(failure.value)
    assert len(api.get("/agents")) == 3


def test_rows_that_shift_between_pages(server: SandboxServer, api: Api) -> None:
    def crawl() -> list[int]:
        pages = [api.conversations(status="all", sort_by="created_at_asc", page=page) for page in (1, 2)]
        return [c["id"] for page in pages for c in page]

    server.misbehave("box", "shift", count=1, rows=1)
    assert sorted(set(range(1, 32)) - set(crawl())) == [26]  # one row slipped onto the page already read
    assert server.installation("box").misbehaviour.faults[0].fired == 1
    server.misbehave("box", "shift", count=1, rows=-1)
    twice = crawl()
    assert len(twice) - len(set(twice)) == 1
    assert sorted(crawl()) == list(range(1, 32))


def test_a_conversation_that_vanishes_before_it_is_read(server: SandboxServer, api: Api) -> None:
    server.misbehave("box", "vanish", count=1, conversations=[9])
    assert api.answer("/conversations/8/messages").status_code == 200
    gone = api.answer("/conversations/9/messages")
    assert (gone.status_code, gone.json()) == (404, {"error": "Resource could not be found"})
    assert api.get("/conversations", status="all")["data"]["meta"]["all_count"] == 30
    server.behave()
    assert api.answer("/conversations/9/messages").status_code == 200


def test_a_test_can_interfere_before_any_request(server: SandboxServer, api: Api) -> None:
    account = server.installation("box").account

    def interfere(endpoint: str, path: object) -> None:
        if endpoint == "messages.list":
            account.conversations[1_004].status = "resolved"
            server.installation("box").index.refresh()

    server.installation("box").before_request = interfere
    assert 4 in [c["id"] for c in api.conversations()]
    api.get("/conversations/4/messages")
    assert 4 not in [c["id"] for c in api.conversations()]


def test_an_unknown_kind_is_refused(server: SandboxServer) -> None:
    with pytest.raises(ValueError, match="kind must be one of throttle"):
        server.misbehave("box", "explode")
    refused = requests.post(f"{server.admin_url}/misbehave", json={"kind": "explode"}, timeout=5)
    assert (refused.status_code, "kind must be one of" in refused.json()["error"]) == (422, True)


def test_the_most_requests_at_once_are_known(server: SandboxServer, api: Api) -> None:
    from concurrent.futures import ThreadPoolExecutor

    server.misbehave("box", "slow", seconds=0.1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Api(server).answer("/agents"), range(4)))
    assert server.installation("box").traffic.most_in_flight == 4
