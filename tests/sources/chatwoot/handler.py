"""A transport that is a function of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sources.chatwoot.client import ChatwootClient
from sources.chatwoot.connection import Connection
from sources.chatwoot.rate_limit import RateLimiter
from sources.chatwoot.retry import RetryPolicy
from sources.chatwoot.transport import Request, Response
from tests.sources.chatwoot.conftest import tenant_at

TOKEN = "s3cr3t-t0ken"
DATE = "Mon, 16 Nov 2026 15:00:42 GMT"
Handler = Callable[[Request], Response]


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, content, {"Date": DATE, **headers})


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


def connection_to(
    handler: Handler, clock: Clock | None = None, base_url: str = "https://chat.example.com"
) -> Connection:
    clock = clock or Clock()
    return Connection(
        tenant_at(base_url, token=TOKEN),
        transport=handler,
        limiter=RateLimiter(1000, clock=clock, sleep=clock.sleep),
        retry=RetryPolicy(sleep=clock.sleep, jitter=lambda: 0.5),
    )


def client_of(handler: Handler, clock: Clock | None = None) -> ChatwootClient:
    return ChatwootClient(connection_to(handler, clock))
