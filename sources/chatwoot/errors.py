"""What can go wrong with a Chatwoot server, as sentences for the operator.

FunilError
└── ChatwootError             str(error) names the tenant, the setting and what to do; it never holds the token
    ├── Refused               asked again, it would be refused again
    │   ├── BadToken          401: unknown token, wrong account, not an administrator, suspended account
    │   ├── NotAllowed        402, 403: the plan or the account does not allow the API
    │   ├── NotFound          404: no such record or account, or this edition has no such resource
    │   └── BadRequest        any other 4xx, and redirects
    ├── Unavailable           transient: tried as often as the retry policy says, and still no answer
    │   ├── Throttled         429
    │   ├── ServerFailed      5xx, and 422 "took too long"
    │   ├── TimedOut
    │   ├── Unreachable       no such host, connection refused or lost
    │   └── BrokenAnswer      a cut body, or one that is not JSON
    ├── UnexpectedAnswer      JSON, but not what Chatwoot answers here
    └── ReadIncomplete        a full read found so much less than is known that nothing was marked deleted
"""

from __future__ import annotations

from funil.errors import FunilError


class ChatwootError(FunilError):
    """`transient` says that the same request may well succeed a few minutes later."""

    transient = False


class Refused(ChatwootError):
    """A request that would be refused again."""


class BadToken(Refused):
    """401."""


class NotAllowed(Refused):
    """402 or 403."""


class NotFound(Refused):
    """404."""


class BadRequest(Refused):
    """Any other answer below 500 that is neither success nor one of the above."""


class Unavailable(ChatwootError):
    """A server that did not answer properly, however often it was asked."""

    transient = True


class Throttled(Unavailable):
    """429. `seconds_into_minute` places the answer in Chatwoot's one-minute window, by the server's own clock."""

    def __init__(
        self, sentence: str, *, seconds_into_minute: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(sentence)
        self.seconds_into_minute = seconds_into_minute
        self.retry_after = retry_after


class ServerFailed(Unavailable):
    """5xx, or 422 for a query that ran into the server's time limit."""


class TimedOut(Unavailable):
    """No answer in time."""


class Unreachable(Unavailable):
    """No connection."""


class BrokenAnswer(Unavailable):
    """An answer that could not be read to its end or is not JSON."""


class UnexpectedAnswer(ChatwootError):
    """JSON of another shape than the reference says."""


class ReadIncomplete(ChatwootError):
    """A full read that found under four fifths of the known rows."""
