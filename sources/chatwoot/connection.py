"""Asking one Chatwoot account: the token, the pace, the retries, and what an answer's status means.

What the endpoints are is `client.py`; this file knows only how to GET a path and get JSON, or one clear sentence.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlsplit

from funil.tenants import Tenant
from sources.chatwoot.errors import (
    BadRequest,
    BadToken,
    BrokenAnswer,
    ChatwootError,
    NotAllowed,
    NotFound,
    ServerFailed,
    Throttled,
    TimedOut,
    Unavailable,
    Unreachable,
)
from sources.chatwoot.rate_limit import RateLimiter, limiter_of_host
from sources.chatwoot.retry import RetryPolicy
from sources.chatwoot.transport import HttpTransport, Request, Response, Transport, TransportFailure

Params = Iterable[tuple[str, str | int]]


class Connection:
    """One tenant's way to its Chatwoot account; safe to share between threads. Use it as a context manager."""

    def __init__(
        self,
        tenant: Tenant,
        *,
        transport: Transport | None = None,
        limiter: RateLimiter | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        settings = tenant.chatwoot
        if settings is None or settings.api_token is None:
            raise ChatwootError(
                f"Tenant '{tenant.slug}': chatwoot.api_token is not set. Give an administrator's access token."
            )
        self.tenant_id = tenant.slug
        self.account_id = settings.account_id
        self._base_url = settings.base_url
        parts = urlsplit(settings.base_url)
        self._place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"  # for people: no credentials
        self._token = settings.api_token.get_secret_value()
        self._own_transport = HttpTransport() if transport is None else None
        self._transport: Transport = transport or self._own_transport  # type: ignore[assignment]
        self._limiter = limiter or limiter_of_host(settings.base_url, settings.requests_per_second)
        self._retry = retry or RetryPolicy()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._requests = 0
        self._server_clock: datetime | None = None

    def __enter__(self) -> Self:
        return self

    def stop(self) -> None:
        """Ends what other threads are waiting for: the sync has failed, and its last requests need no answer."""
        self._stopped.set()

    def __exit__(self, *exc: object) -> None:
        self.stop()
        if self._own_transport is not None:
            self._own_transport.close()

    @property
    def requests(self) -> int:
        """How many requests went out, repeated ones included."""
        return self._requests

    @property
    def server_clock(self) -> datetime | None:
        """The server's own clock as of its latest answer (the Date header)."""
        return self._server_clock

    def get(self, path: str, params: Params = ()) -> Any:
        """The JSON at `path` of the account ('' is the account itself; a leading slash leaves the account)."""
        root = f"{self._base_url}/api/v1"
        url = f"{root}{path}" if path.startswith("/") else f"{root}/accounts/{self.account_id}/{path}"
        request = Request(
            url,
            tuple((name, str(value)) for name, value in params),
            # the dashed form: nginx drops headers with underscores
            {"Api-Access-Token": self._token, "Accept": "application/json"},
        )
        try:
            return self._retry.run(lambda: self._ask(request), waiting=self._about_to_wait, sleep=self._stopped.wait)
        except Unavailable as error:
            error.args = (f"{error} Tried {self._retry.attempts} times.",)
            raise

    def _about_to_wait(self, error: Unavailable, seconds: float) -> None:
        if isinstance(error, Throttled):
            self._limiter.pause(seconds)

    def _ask(self, request: Request) -> Any:
        self._limiter.wait(self._stopped.wait)
        if self._stopped.is_set():
            raise ChatwootError(f"Tenant '{self.tenant_id}': the sync was ended.")
        with self._lock:
            self._requests += 1
        try:
            response = self._transport(request)
        except TransportFailure as failure:
            raise self._failed(failure) from None
        self._note_clock(response)
        if response.status == 200:
            try:
                return json.loads(response.body)
            except (ValueError, UnicodeDecodeError):
                raise BrokenAnswer(
                    self._say(
                        "answered with something that is not JSON", "Check chatwoot.base_url, or try again later."
                    )
                ) from None
        raise self._refusal(response)

    def _note_clock(self, response: Response) -> None:
        header = response.headers.get("Date")
        if not header:
            return
        try:
            clock = parsedate_to_datetime(header)
        except ValueError:
            return
        clock = clock.replace(tzinfo=UTC) if clock.tzinfo is None else clock.astimezone(UTC)
        with self._lock:
            self._server_clock = max(clock, self._server_clock) if self._server_clock else clock

    def _failed(self, failure: TransportFailure) -> Unavailable:
        reason = self._clean(str(failure))
        if failure.kind == "timeout":
            return TimedOut(self._say("did not answer in time", "Try again later."))
        if failure.kind == "broken":
            return BrokenAnswer(self._say("broke off in the middle of its answer", "Try again later."))
        return Unreachable(self._say(f"cannot be reached ({reason})", "Check chatwoot.base_url and that it runs."))

    def _refusal(self, response: Response) -> ChatwootError:
        status, said = response.status, self._reason_in(response.body)
        because = f" ({status}: {said})" if said else f" ({status})"
        if status == 401:
            return BadToken(
                self._say(
                    f"refuses the token{because}",
                    f"Set chatwoot.api_token to the access token of an administrator of account {self.account_id}.",
                )
            )
        if status in (402, 403):
            return NotAllowed(
                self._say(f"does not allow the API for this account{because}", "Switch it on in Chatwoot's plan.")
            )
        if status == 404:
            return NotFound(
                self._say(f"has no such thing{because}", "Check chatwoot.account_id and chatwoot.base_url.")
            )
        if status == 429:
            clock = response.headers.get("Date")
            return Throttled(
                self._say("throttles this address (429)", "Lower chatwoot.requests_per_second, or try again later."),
                seconds_into_minute=self._server_clock.second if clock and self._server_clock else None,
                retry_after=_seconds(response.headers.get("Retry-After")),
            )
        if status >= 500 or (status == 422 and "took too long" in said):
            return ServerFailed(self._say(f"failed{because}", "Look at its log, or try again later."))
        if 300 <= status < 400:
            target = urlsplit(response.headers.get("Location", ""))
            place = f" to {target.scheme}://{target.netloc}" if target.netloc else ""
            return BadRequest(
                self._say(f"sends requests on{place} ({status})", "Write its own address in chatwoot.base_url.")
            )
        return BadRequest(self._say(f"refuses a request{because}", "Check its version and chatwoot.base_url."))

    def _say(self, what: str, remedy: str) -> str:
        return f"Tenant '{self.tenant_id}': Chatwoot at {self._place} {what}. {remedy}"

    def _reason_in(self, body: bytes) -> str:
        """What Chatwoot gives as the reason, if its body has the form of one."""
        try:
            said = json.loads(body)
        except (ValueError, UnicodeDecodeError):
            return ""
        if not isinstance(said, dict):
            return ""
        errors = said.get("errors")
        text = said.get("error") or said.get("message") or (errors[0] if isinstance(errors, list) and errors else "")
        return self._clean(str(text)) if text else ""

    def _clean(self, text: str) -> str:
        """A text of the server's or the system's, safe to show: short, one line, without the token."""
        return " ".join(text.replace(self._token, "***").split()).rstrip(".")[:200]


def _seconds(header: str | None) -> float | None:
    try:
        return float(header) if header else None
    except ValueError:
        return None
