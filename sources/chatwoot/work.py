"""What the parts of one sync share: the client, the warehouse's sync, the clock, the rejected rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from funil.tenants import Tenant
from sources.chatwoot.client import ChatwootClient
from sources.chatwoot.errors import ReadIncomplete, UnexpectedAnswer
from sources.chatwoot.values import BadRow
from warehouse.rejected import Rejects
from warehouse.sync import Batch, Sync
from warehouse.table_shape import table_shape

Mode = Literal["first", "incremental", "since", "reconcile"]
# resource, how many are done, of how many
Progress = Callable[[str, int, int], None]
T = TypeVar("T")

# a row committed late, a job that ran late: read again so far back from the last watermark
OVERLAP = timedelta(minutes=15)
# a full read that finds less of what is known is not believed
FULL_READ_AT_LEAST = 0.8
# ... unless there is so little that a fifth of it is a row or two
GUARDED_FROM = 20

_SECRET = re.compile(r"passw|token|secret|hmac|provider_config|api_?key|auth|credential|private_?key", re.IGNORECASE)


@dataclass
class Work:
    """One sync of one tenant's Chatwoot account."""

    tenant: Tenant
    client: ChatwootClient
    sync: Sync
    pool: ThreadPoolExecutor
    mode: Mode
    since: datetime | None = None
    accept_shrink: bool = False
    progress: Progress = lambda resource, done, total: None
    # the server's clock when the sync began
    clock: datetime = field(init=False)
    _rejected: list[tuple[str, str, Any]] = field(default_factory=list)

    @property
    def tenant_id(self) -> str:
        return self.tenant.slug

    @property
    def reads_all(self) -> bool:
        return self.mode in ("first", "reconcile")

    # reading ------------------------------------------------------------------------------------------------------

    def start_clock(self) -> None:
        """Takes the server's clock from an answer of it: all "until now" of this sync means this moment."""
        clock = self.client.connection.server_clock
        if clock is None:
            raise UnexpectedAnswer(
                f"Tenant '{self.tenant_id}': the server does not say what time it is (no Date header). "
                "Let the proxy in front of chatwoot.base_url pass it through."
            )
        self.clock = clock
        self.sync.source_clock = clock

    def parse(self, resource: str, raws: Iterable[Any], read: Callable[[Any], T]) -> list[T]:
        """The rows that can be read; each of the others is kept as a rejected row with its reason."""
        rows = []
        for raw in raws:
            try:
                rows.append(read(raw))
            except BadRow as bad:
                self._rejected.append((resource, str(bad), without_secrets(raw)))
        return rows

    def land_rejected(self, batch: Batch) -> None:
        """Keeps the rows rejected so far, in the batch's transaction."""
        rejected, self._rejected = self._rejected, []
        connection = self.sync.connection
        for resource, reason, raw in rejected:
            rejects = Rejects(connection, self.tenant_id, self.sync.source, resource, self.sync.sync_id)
            row = raw if isinstance(raw, dict) else {"value": raw}
            rejects.keep(table_shape(connection, f"raw_chatwoot.{resource}"), [(row, reason)])
            batch.counts.rows_rejected += 1

    def all(self, asks: Sequence[Callable[[], T]]) -> list[T]:
        """The answers to several requests, asked at the same time."""
        return [future.result() for future in [self.pool.submit(ask) for ask in asks]]

    def warn(self, sentence: str) -> None:
        """Says something the operator should know once; it is kept with the run."""
        self.sync.details.setdefault("warnings", []).append(sentence)

    # the warehouse ------------------------------------------------------------------------------------------------

    def rows(self, query: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:
        """Rows of the warehouse; `%s` and the parameters after the tenant's id, which is always the first."""
        with self.sync.connection.cursor() as cursor:
            cursor.execute(query, (self.tenant_id, *parameters))
            yield from cursor.fetchall()

    def guard(self, what: str, known: int, found: int) -> None:
        """Refuses to believe a full read that lost more than a fifth of what is known."""
        if self.accept_shrink or known < GUARDED_FROM or found >= known * FULL_READ_AT_LEAST:
            return
        raise ReadIncomplete(
            f"Tenant '{self.tenant_id}': Chatwoot shows only {found} of the {known} known {what}, so none was marked "
            "as deleted. Check that chatwoot.api_token is an administrator's and that chatwoot.account_id is right."
        )


def without_secrets(raw: Any) -> Any:
    """What was sent, without anything whose name sounds like a secret."""
    if isinstance(raw, dict):
        return {key: without_secrets(value) for key, value in raw.items() if not _SECRET.search(str(key))}
    if isinstance(raw, list):
        return [without_secrets(value) for value in raw]
    return raw
