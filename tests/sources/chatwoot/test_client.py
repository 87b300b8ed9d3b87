"""The client: what it sends, what it makes of answers, how often it asks again, and that it never tells the token."""

from __future__ import annotations

import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sources.chatwoot import errors
from sources.chatwoot.client import ChatwootClient
from sources.chatwoot.connection import Connection
from sources.chatwoot.errors import ChatwootError
from sources.chatwoot.retry import RetryPolicy
from sources.chatwoot.transport import HttpTransport, Request, Response, TransportFailure
from tests.sources.chatwoot.conftest import tenant_at
from tests.sources.chatwoot.handler import TOKEN, Clock, answer, client_of, connection_to

EMPTY_LIST = {"data": {"meta": {"all_count": 0}, "payload": []}}


def test_the_token_travels_in_the_dashed_header_that_nginx_lets_through() -> None:
    asked: list[Request] = []

    def handler(request: Request) -> Response:
        asked.append(request)
        return answer([])

    client_of(handler).agents()
    assert asked[0].url == "https://chat.example.com/api/v1/accounts/1/agents"
    assert asked[0].headers["Api-Access-Token"] == TOKEN
    assert TOKEN not in repr(asked[0])


def test_both_ends_of_a_span_are_always_sent_because_one_alone_is_ignored() -> None:
    asked: list[Request] = []

    def handler(request: Request) -> Response:
        asked.append(request)
        return answer([])

    since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    client_of(handler).csat_survey_responses(1, since, until)
    assert dict(asked[0].params) == {"since": "1767225600", "until": "1769904000", "sort": "created_at", "page": "1"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, {"error": "Invalid Access Token"}, errors.BadToken, "refuses the token (401: Invalid Access Token)"),
        (401, {"errors": ["You need to sign in or sign up before continuing."]}, errors.BadToken, "chatwoot.api_token"),
        (401, {"error": "You are not authorized to do this action"}, errors.BadToken, "administrator"),
        (403, {"error": "API access is not enabled for this account"}, errors.NotAllowed, "does not allow the API"),
        (402, {"error": "Account limit exceeded"}, errors.NotAllowed, "Account limit exceeded"),
        (404, {"error": "Resource could not be found"}, errors.NotFound, "chatwoot.account_id"),
        (422, {"message": "Name is too long", "attributes": ["name"]}, errors.BadRequest, "Name is too long"),
        (400, b"<html>", errors.BadRequest, "(400)"),
    ],
)
def test_a_refusal_is_one_sentence_at_once(status: int, body: Any, kind: type[ChatwootError], words: str) -> None:
    client = client_of(lambda request: answer(body, status))
    with pytest.raises(kind) as caught:
        client.agents()
    assert words in str(caught.value)
    assert str(caught.value).startswith("Tenant 'box': Chatwoot at https://chat.example.com ")
    assert client.connection.requests == 1
    assert not caught.value.transient


def test_a_redirect_is_not_followed_and_says_where_to_go_instead() -> None:
    client = client_of(lambda request: answer(b"", 301, Location="https://other.example.com/api/v1/x?token=1"))
    with pytest.raises(errors.BadRequest, match=re.escape("sends requests on to https://other.example.com (301)")):
        client.agents()


def failing(kind: str) -> Callable[[Request], Response]:
    def handler(request: Request) -> Response:
        raise TransportFailure(kind, f"no route to host with {TOKEN}")

    return handler


@pytest.mark.parametrize(
    ("handler", "kind", "words"),
    [
        (lambda request: answer(b"Retry later\n", 429), errors.Throttled, "chatwoot.requests_per_second"),
        (lambda request: answer({"status": 500, "error": "Internal Server Error"}, 500), errors.ServerFailed, "(500"),
        (lambda request: answer(b"<html>502</html>", 502), errors.ServerFailed, "(502)"),
        (
            lambda request: answer({"error": "The request took too long to complete. Please try again."}, 422),
            errors.ServerFailed,
            "took too long",
        ),
        (lambda request: answer(b'{"data": {"meta"'), errors.BrokenAnswer, "not JSON"),
        (lambda request: answer(b"\xff\xfe"), errors.BrokenAnswer, "not JSON"),
        (failing("timeout"), errors.TimedOut, "did not answer in time"),
        (failing("broken"), errors.BrokenAnswer, "broke off"),
        (failing("unreachable"), errors.Unreachable, "cannot be reached (no route to host with ***)"),
    ],
)
def test_what_is_transient_is_asked_five_times_and_then_is_one_sentence(
    handler: Callable[[Request], Response], kind: type[ChatwootError], words: str
) -> None:
    client = client_of(handler)
    with pytest.raises(kind) as caught:
        client.agents()
    assert words in str(caught.value)
    assert str(caught.value).endswith("Tried 5 times.")
    assert client.connection.requests == 5
    assert caught.value.transient
    assert TOKEN not in str(caught.value)


def test_an_answer_after_some_failures_is_the_answer() -> None:
    failures = iter([answer(b"", 500), answer(b"{", 200), answer(b"Retry later\n", 429)])
    client = client_of(lambda request: next(failures, answer([{"id": 1}])))
    assert client.agents() == [{"id": 1}]
    assert client.connection.requests == 4


def test_waits_double_and_are_jittered() -> None:
    clock = Clock()
    with pytest.raises(errors.ServerFailed):
        client_of(lambda request: answer(b"", 500), clock).agents()
    assert clock.sleeps == [0.375, 0.75, 1.5, 3.0]  # 0.5, 1, 2, 4, less half of the jitter


def test_the_waits_after_429_reach_into_the_next_minute_of_the_servers_clock() -> None:
    clock = Clock()
    with pytest.raises(errors.Throttled):
        client_of(lambda request: answer(b"Retry later\n", 429), clock).agents()
    # at 15:00:42 by the server: 3, 6 and 12 seconds, then the 18 to the minute's end
    assert sum(clock.sleeps) >= 18
    assert clock.sleeps[0] == 3.5
    assert clock.sleeps[-1] == 18.5


def test_a_retry_after_header_of_a_proxy_is_obeyed() -> None:
    clock = Clock()
    answers = iter([answer(b"", 429, **{"Retry-After": "7"})])
    client_of(lambda request: next(answers, answer([])), clock).agents()
    assert clock.sleeps == [7.5]


def test_a_429_holds_back_everybody_who_shares_the_host() -> None:
    clock = Clock()
    first = connection_to(lambda request: answer(b"", 429), clock)
    neighbour = Connection(
        tenant_at("https://chat.example.com"), transport=lambda request: answer([]), limiter=first._limiter
    )
    with pytest.raises(errors.Throttled):
        first.get("agents")
    before = clock.now
    first._limiter.pause(20)
    neighbour.get("agents")
    assert clock.now >= before + 20


@pytest.mark.parametrize(
    ("body", "ask"),
    [
        ({}, lambda client: client.conversations(1, "created_at_asc")),
        ({"data": {"payload": []}}, lambda client: client.conversations(1, "created_at_asc")),
        ({"payload": []}, lambda client: client.contacts(1, "created_at")),
        ({"meta": {"count": "many"}, "payload": []}, lambda client: client.contacts(1, "created_at")),
        ({"payload": {}}, lambda client: client.inboxes()),
        ({"payload": []}, lambda client: client.agents()),
        ([], lambda client: client.conversation(1)),
        (None, lambda client: client.labels()),
    ],
)
def test_json_that_is_not_chatwoots_is_said_to_be_so(body: Any, ask: Callable[[ChatwootClient], Any]) -> None:
    with pytest.raises(errors.UnexpectedAnswer, match="is not Chatwoot's"):
        ask(client_of(lambda request: answer(body)))


def test_the_servers_clock_is_the_latest_date_header() -> None:
    dates = iter(["Mon, 16 Nov 2026 15:00:42 GMT", "nonsense", "Mon, 16 Nov 2026 15:00:41 GMT"])
    client = client_of(lambda request: answer([], Date=next(dates)))
    for _ in range(3):
        client.agents()
    assert client.connection.server_clock == datetime(2026, 11, 16, 15, 0, 42, tzinfo=UTC)


def test_credentials_in_the_address_are_not_repeated() -> None:
    connection = connection_to(lambda request: answer({}, 404), base_url="https://ana:hunter2@chat.example.com")
    with pytest.raises(errors.NotFound) as caught:
        connection.get("agents")
    assert "hunter2" not in str(caught.value)


def test_the_token_is_in_no_log(caplog: pytest.LogCaptureFixture, serve: Callable[[bytes], str]) -> None:
    url = serve(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
    with caplog.at_level(logging.DEBUG), pytest.raises(ChatwootError):
        Connection(tenant_at(url, token=TOKEN), retry=RetryPolicy(sleep=lambda seconds: None)).get("agents")
    assert caplog.records
    assert TOKEN not in caplog.text


# real sockets -------------------------------------------------------------------------------------------------------


@pytest.fixture
def serve() -> Iterator[Callable[[bytes], str]]:
    """Starts a server that answers each connection with these bytes and hangs up; its address."""
    sockets: list[socket.socket] = []

    def start(reply: bytes) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        sockets.append(listening)

        def run() -> None:
            while True:
                try:
                    peer, _ = listening.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(65536)
                    peer.sendall(reply)

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    for listening in sockets:
        listening.close()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2", "broken"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1, 2\r\n", "broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n[1]", "broken"),
        (b"", "unreachable"),
        (b"not http at all\r\n\r\n", "unreachable"),
    ],
)
def test_the_network_breaks_in_ways_the_client_can_name(serve: Callable[[bytes], str], reply: bytes, kind: str) -> None:
    with pytest.raises(TransportFailure) as caught:
        HttpTransport()(Request(serve(reply) + "/api"))
    assert caught.value.kind == kind


def test_a_silent_server_times_out(serve: Callable[[bytes], str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TransportFailure) as caught:
        HttpTransport(read_timeout=0.2)(Request(f"http://127.0.0.1:{silent.getsockname()[1]}/api"))
    assert caught.value.kind == "timeout"


@pytest.mark.parametrize("host", ["127.0.0.1:9", "no-such-host.invalid"])
def test_a_dead_host_is_named_with_its_setting(host: str) -> None:
    with pytest.raises(errors.Unreachable) as caught:
        Connection(tenant_at(f"http://{host}"), retry=RetryPolicy(attempts=1)).get("agents")
    assert f"Tenant 'box': Chatwoot at http://{host} cannot be reached" in str(caught.value)
    assert "chatwoot.base_url" in str(caught.value)
    assert "object at 0x" not in str(caught.value)


def test_a_tenant_without_a_token_is_told_so() -> None:
    tenant = tenant_at("https://chat.example.com").model_copy(update={"chatwoot": None})
    with pytest.raises(ChatwootError, match=r"Tenant 'box': chatwoot\.api_token is not set"):
        Connection(tenant)


def test_an_empty_account_is_an_empty_page() -> None:
    page = client_of(lambda request: answer(EMPTY_LIST)).conversations(1, "created_at_asc")
    assert (page.rows, page.total) == ([], 0)
