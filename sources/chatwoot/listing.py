"""Which conversations to look at: all of them, or those changed since a moment, whatever the server's version.

- `updated_within` (3.6.0 and later, undocumented) answers all of them at once. It is used for up to seven days; an
  answer with too many rows would run into the server's own time limit.
- For a longer absence every page is listed and compared with what is stored: `updated_at` (4.0.2 and later) says
  exactly what changed.
- Servers without both are walked by last activity, newest first, until older than asked. That misses what creates no
  message (custom attributes, merges, snooze times) until the reconciliation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from sources.chatwoot.client import CONVERSATIONS_PER_PAGE, ConversationOrder, Page, Row
from sources.chatwoot.errors import ServerFailed, TimedOut
from sources.chatwoot.paging import CountedWalk, ids_of
from sources.chatwoot.values import BadRow, moment
from sources.chatwoot.work import Work

AT_ONCE = timedelta(days=7)
# how far the server's clock may run on between its Date header and the query
SLACK = timedelta(minutes=2)
_ORDERS: tuple[ConversationOrder, ...] = (
    "created_at_asc",
    "created_at_desc",
    "last_activity_at_desc",
    "last_activity_at_asc",
)


def walk_all(work: Work, *, seen: set[int] | None = None, first_page: int | None = None) -> CountedWalk:
    """Every conversation, oldest last: new ones only lengthen the list at its far end."""

    def fetch(number: int, order: int) -> Page:
        return work.client.conversations(number, _ORDERS[order % len(_ORDERS)])

    return CountedWalk(fetch, CONVERSATIONS_PER_PAGE, seen=seen, first_page=first_page)


class ChangedSince:
    """The conversations changed since `since`, page by page; may show others too.

    `total` is the server's count of all conversations once something was read; `listed_all` says that every
    conversation was shown.
    """

    def __init__(self, work: Work, since: datetime) -> None:
        self._work = work
        self._since = since
        self.total = 0
        self.listed_all = False
        self.way = "updated_within"

    def __iter__(self) -> Iterator[list[Row]]:
        page = self._at_once()
        if page is not None:
            yield page.rows
            return
        newest = self._work.client.conversations(1, "last_activity_at_desc")
        self.total = newest.total or 0
        if all("updated_at" in row for row in newest.rows if isinstance(row, dict)):
            self.way = "every page"
            yield from self._every_page()
        else:
            self.way = "last activity"
            yield from self._by_activity(newest)

    def _at_once(self) -> Page | None:
        """All of them in one answer; None where the server does not offer that, or not for so long a time."""
        window = (self._work.client.connection.server_clock or self._work.clock) - self._since
        if window > AT_ONCE:
            return None
        seconds = math.ceil(max(window, timedelta(0)).total_seconds()) + 1
        try:
            page = self._work.client.conversations_updated_within(seconds)
        except (ServerFailed, TimedOut):
            return None  # too much for one answer
        self.total = page.total or 0
        return None if self._was_ignored(page) else page

    def _was_ignored(self, page: Page) -> bool:
        """Whether this is just page 1: the parameter is older than `updated_at`, so that a row with it settles it."""
        stamps = [stamp for stamp in map(_updated_at, page.rows) if stamp is not None]
        if stamps:
            return min(stamps) < self._since - SLACK
        return len(page.rows) == CONVERSATIONS_PER_PAGE and self.total > CONVERSATIONS_PER_PAGE

    def _every_page(self) -> Iterator[list[Row]]:
        walk = walk_all(self._work)
        for _, rows in walk:
            yield rows
        self.total, self.listed_all = walk.total, walk.complete

    def _by_activity(self, page: Page) -> Iterator[list[Row]]:
        """New activity moves rows to the front while this walks, where the next sync finds them. A row shown twice, or a
        deletion, means that another may have hidden between two pages: then every page is read."""
        shown: set[int] = set()
        number = 1
        self.total = page.total or 0
        while True:
            yield page.rows
            moved = bool(shown & ids_of(page.rows)) or (page.total or 0) < self.total
            shown |= ids_of(page.rows)
            last = [stamp for stamp in map(_last_activity, page.rows) if stamp is not None]
            if moved or len(page.rows) < CONVERSATIONS_PER_PAGE or (last and min(last) < self._since):
                break
            number += 1
            page = self._work.client.conversations(number, "last_activity_at_desc")
        self.total = page.total or 0
        self.listed_all = len(shown) >= self.total
        if moved:
            self.way = "every page"
            yield from self._every_page()


def _updated_at(row: Row) -> datetime | None:
    return _stamp(row, "updated_at")


def _last_activity(row: Row) -> datetime | None:
    return _stamp(row, "last_activity_at")


def _stamp(row: Row, key: str) -> datetime | None:
    try:
        return moment(row.get(key), key) if isinstance(row, dict) else None
    except BadRow:
        return None
