"""How a request is answered: throttle, fault, token, handler, JSON. One plain ASGI callable per route, for speed."""

from __future__ import annotations

import asyncio
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from sandbox.server import errors
from sandbox.server.encoding import dumps, loads
from sandbox.server.errors import ApiError
from sandbox.server.installation import Installation, Viewer, viewer_of
from sandbox.server.misbehaviour import Fault
from sandbox.server.times import http_date, ruby_to_i
from sandbox.world.records import Account

JSON = b"application/json; charset=utf-8"
TEXT = b"text/plain"
HTML = b"text/html; charset=utf-8"
NOT_FOUND_PAGE = (
    b"<!DOCTYPE html><html><head><title>The page you were looking for doesn't exist (404)</title></head></html>"
)
PROXY_ERROR_PAGE = b"<html><head><title>%d</title></head><body><center><h1>%d</h1></center><hr>nginx</body></html>"


@dataclass(slots=True)
class Answer:
    body: bytes
    status: int = 200
    media_type: bytes = JSON


@dataclass
class Call:
    """One request to one handler."""

    installation: Installation
    path: dict[str, Any]
    query_string: bytes
    accept: str
    viewer: Viewer = field(init=False)
    body: bytes = b""
    page_shift: int = 0

    @property
    def account(self) -> Account:
        return self.installation.account

    @cached_property
    def query(self) -> QueryParams:
        return QueryParams(self.query_string)

    def param(self, name: str) -> str | None:
        """A query parameter; None where absent or blank, as Rails' `present?` sees it."""
        value = self.query.get(name)
        return value if value and value.strip() else None

    def params(self, name: str) -> list[str] | None:
        """`name[]=a&name[]=b`, or `name=a,b`; None where absent."""
        listed = self.query.getlist(f"{name}[]")
        if listed:
            return listed
        single = self.param(name)
        return [part.strip() for part in single.split(",")] if single else None

    @property
    def page(self) -> int:
        return max(ruby_to_i(self.query.get("page", "1")), 1)

    @property
    def raw_page(self) -> int | str:
        """`meta.current_page` gives back what was sent: a string, or 1 where nothing was."""
        return self.query.get("page") or 1

    def offset(self, size: int) -> int:
        return (self.page - 1) * size + self.page_shift

    def json(self) -> Any:
        try:
            return loads(self.body) if self.body else {}
        except ValueError as error:
            raise ApiError(400, {"status": 400, "error": "Bad Request"}) from error

    def path_id(self, name: str) -> int:
        """An id from the path; a word finds no record."""
        text = str(self.path[name])
        if not text.isdigit():
            raise errors.not_found()
        return int(text)


Handler = Callable[[Call], Any]


@dataclass(slots=True)
class Endpoint:
    installation: Installation
    name: str
    handler: Handler
    administrators_only: bool = False
    bots_too: bool = False
    public: bool = False
    # the route exists in this edition and version
    exists: Callable[[Account], bool] = lambda account: True
    reads_body: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        installation = self.installation
        traffic = installation.traffic
        traffic.requests[self.name] += 1
        traffic.in_flight += 1
        traffic.most_in_flight = max(traffic.most_in_flight, traffic.in_flight)
        query_string: bytes = scope["query_string"]
        traffic.recent.append(f"{scope['method']} {scope['path']}{'?' if query_string else ''}{query_string.decode()}")
        try:
            await self._answer(scope, receive, send)
        finally:
            traffic.in_flight -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        installation = self.installation
        headers = dict(scope["headers"])
        token = token_of(headers)
        call = Call(
            installation,
            dict(scope.get("path_params") or {}),
            scope["query_string"],
            headers.get(b"accept", b"").decode(),
        )
        address = scope["client"][0] if scope.get("client") else ""
        if installation.throttle.refuses(scope["method"], scope["path"], address, token):
            await self._send(send, throttled())
            return
        fault = installation.misbehaviour.next(self.name, call.path, call.page)
        if fault is not None:
            if fault.kind == "reset":
                reset(scope)
                return
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
            if fault.kind == "shift":
                call.page_shift = fault.rows
            if fault.kind == "vanish" and "conversation_id" in call.path:
                installation.hide_conversation(call.path_id("conversation_id"))
            if fault.kind in ("throttle", "error"):
                await self._send(send, throttled() if fault.kind == "throttle" else server_error(fault))
                return
        if self.reads_body:
            call.body = await Request(scope, receive).body()
        answer = self._handled(call, token)
        if fault is not None and fault.kind == "garbage":
            answer.body = answer.body[: max(len(answer.body) // 2, 1)]
        if fault is not None and fault.kind == "cut":
            await self._send_half(scope, send, answer)
            return
        await self._send(send, answer)

    def _handled(self, call: Call, token: str | None) -> Answer:
        installation = self.installation
        try:
            if not self.exists(call.account):
                return no_route(call)
            if installation.before_request is not None:
                installation.before_request(self.name, call.path)
            installation.index.refresh_if_changed()
            if not self.public:
                self._authorize(call, token)
            shown = self.handler(call)
            return shown if isinstance(shown, Answer) else Answer(dumps(shown))
        except ApiError as error:
            return Answer(dumps(error.body), error.status)
        except Exception:
            # a fault of this server, not one that was asked for: say so where the engineer looks
            traceback.print_exc(file=sys.stderr)
            return Answer(dumps(errors.internal_error().body), 500)

    def _authorize(self, call: Call, token: str | None) -> None:
        call.viewer = viewer_of(self.installation, token)
        if call.viewer.owner.kind == "bot" and not self.bots_too:
            raise errors.not_for_bots()
        if "account_id" in call.path:
            asked = str(call.path["account_id"])
            if asked != str(call.account.id):
                known = asked.isdigit() and int(asked) in self.installation.other_accounts
                raise errors.not_in_account() if known else errors.not_found()
            if self.installation.suspended:
                raise errors.account_suspended()
            if self.installation.api_switched_off:
                raise errors.api_switched_off()
        if self.administrators_only and not call.viewer.is_administrator:
            raise errors.not_allowed()

    def _headers(self, answer: Answer, length: int) -> list[tuple[bytes, bytes]]:
        return [
            (b"date", http_date(self.installation.account.now)),
            (b"content-type", answer.media_type),
            (b"content-length", str(length).encode()),
        ]

    async def _send(self, send: Send, answer: Answer) -> None:
        self.installation.traffic.statuses[answer.status] += 1
        headers = self._headers(answer, len(answer.body))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _send_half(self, scope: Scope, send: Send, answer: Answer) -> None:
        self.installation.traffic.statuses[answer.status] += 1
        headers = self._headers(answer, len(answer.body))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
        transport_of(scope).close()


def token_of(headers: dict[bytes, bytes]) -> str | None:
    """Rack sees both spellings as one header."""
    token = headers.get(b"api-access-token") or headers.get(b"api_access_token")
    return token.decode("latin-1") if token else None


def throttled() -> Answer:
    return Answer(b"Retry later\n", 429, TEXT)


def server_error(fault: Fault) -> Answer:
    if fault.status > 500:
        return Answer(PROXY_ERROR_PAGE % (fault.status, fault.status), fault.status, HTML)
    return Answer(dumps(errors.internal_error().body), fault.status)


def no_route(call: Call) -> Answer:
    if "json" in call.accept:
        return Answer(b'{"status":404,"error":"Not Found"}', 404)
    return Answer(NOT_FOUND_PAGE, 404, HTML)


def transport_of(scope: Scope) -> asyncio.Transport:
    return cast(asyncio.Transport, scope["sandbox.transport"])


def reset(scope: Scope) -> None:
    """Closes the connection with RST instead of FIN."""
    transport = transport_of(scope)
    connection = transport.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    transport.abort()
