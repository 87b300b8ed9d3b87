"""The seam between the client and the network: one function from a request to an answer.

Tests pass a handler function of their own; the real one keeps a `requests` session per thread, so that each of the
client's threads reuses its own connection.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict


@dataclass(frozen=True, slots=True)
class Request:
    """A GET. `headers` holds the token, so it is never shown."""

    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class TransportFailure(Exception):
    """No answer, or not the whole of one. `kind` says which: 'timeout', 'unreachable' or 'broken'."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class Transport(Protocol):
    """Raises TransportFailure when no whole answer came."""

    def __call__(self, request: Request) -> Response: ...


class HttpTransport:
    """The network. Follows no redirect: the token must not travel to another address."""

    def __init__(self, *, connect_timeout: float = 10.0, read_timeout: float = 30.0) -> None:
        # Chatwoot itself gives up after 15 seconds
        self._timeout = (connect_timeout, read_timeout)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._sessions: list[requests.Session] = []

    def __call__(self, request: Request) -> Response:
        session = self._session(request.url)
        try:
            answer = session.get(
                request.url,
                params=list(request.params),
                headers=dict(request.headers),
                timeout=self._timeout,
                allow_redirects=False,
            )
            return Response(answer.status_code, answer.content, CaseInsensitiveDict(answer.headers))
        except requests.Timeout as error:
            raise TransportFailure("timeout", _reason(error)) from None
        except requests.exceptions.ChunkedEncodingError as error:
            raise TransportFailure("broken", _reason(error)) from None
        except requests.exceptions.ContentDecodingError as error:
            raise TransportFailure("broken", _reason(error)) from None
        except requests.RequestException as error:
            raise TransportFailure("unreachable", _reason(error)) from None

    def _session(self, url: str) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            # a proxy of the environment is never the way to this machine itself
            session.trust_env = urlsplit(url).hostname not in ("127.0.0.1", "::1", "localhost")
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        return session

    def close(self) -> None:
        """Closes every thread's connections."""
        with self._lock:
            sessions, self._sessions = self._sessions, []
        for session in sessions:
            session.close()
        self._local = threading.local()


def _reason(error: BaseException) -> str:
    """The innermost cause in few words: requests wraps the system's message in several layers."""
    seen: BaseException = error
    while True:
        inner = getattr(seen, "reason", None) or seen.__cause__ or next(iter(getattr(seen, "args", ())), None)
        if not isinstance(inner, BaseException) or inner is seen:
            break
        seen = inner
    text = re.sub(r"\[Errno -?\d+\] ", "", str(seen))
    return text.rsplit(": ", 1)[-1].strip("()'\" ") or type(seen).__name__
