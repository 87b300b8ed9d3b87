"""Reading a list to its end, although it moves while it is read and has no tie-breaker.

A page number is a bad cursor: a row deleted before it pulls the following rows forward, and one of them is never shown.
Where the list can be cut by time, this file never asks for a second page: it moves the time instead (`read_upwards`,
`read_downwards`, `read_unordered`). Where it cannot, it walks from the last page to the first, so that what moves
forward is still ahead, and counts (`CountedWalk`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sources.chatwoot.client import Page, Row
from sources.chatwoot.values import BadRow, required_moment

BEGINNING = datetime(1971, 1, 1, tzinfo=UTC)
# what Chatwoot's epoch seconds may be at most, for "up to now"
END = datetime(2038, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
# looks at everything, and before that at torn places only, before a missing row is given up
WALKS = 6
TORN_LOOKS = 4

ReadSpan = Callable[[int, datetime, datetime], Page]


def row_id(row: Any) -> int | None:
    """The id of a raw row, where it has one."""
    found = row.get("id") if isinstance(row, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def ids_of(rows: Iterable[Any]) -> set[int]:
    """The ids the server showed, also of rows that cannot be read."""
    return {found for found in map(row_id, rows) if found is not None}


class CountedWalk:
    """Every row of a list whose answers say how many there are, once, as (page number, rows not shown before).

    Walks from the last page to the first. Ends when as many different rows were seen as the server counts. Until then
    it looks again, in another order each time, so that the pages' edges fall elsewhere: first only where two pages met
    within rows of the same second, then everywhere.

    `fetch(page number, order)` fetches a page; order 0 is by rising `created_at`, order 1 by falling, the rest are the
    caller's. `seen` may hold the rows of an earlier, interrupted walk; `first_page` is where that was to go on.
    """

    def __init__(
        self,
        fetch: Callable[[int, int], Page],
        page_size: int,
        *,
        seen: set[int] | None = None,
        first_page: int | None = None,
    ) -> None:
        self._fetch = fetch
        self._page_size = page_size
        self._first_page = first_page
        self._pages: dict[int, list[Any]] = {}
        self.seen: set[int] = set() if seen is None else seen
        self._nameless = 0  # rows without an id are counted, so that they do not keep the walk going
        self.total = 0

    @property
    def complete(self) -> bool:
        return len(self.seen) + self._nameless >= self.total

    def __iter__(self) -> Iterator[tuple[int, list[Row]]]:
        for number, page in self._walk(self._first_page, 0):
            self._pages[number] = [_moment_only(row) for row in page.rows]
            yield number, self._note(page)
        for number, page in self._repairs():
            yield number, self._note(page)
            if self.complete:
                return

    def _repairs(self) -> Iterator[tuple[int, Page]]:
        """More pages, as long as rows are missing. They say that they are page 1: a walk is not resumed within them."""
        if self.complete:
            return
        torn = self._torn()
        for look in range(TORN_LOOKS):
            for number in torn[(look + 1) % 2]:
                yield 1, self._fetch(number, (look + 1) % 2)
        for order in range(1, WALKS):
            self._nameless = 0
            for _, page in self._walk(None, order):
                yield 1, page

    def _walk(self, number: int | None, order: int) -> Iterator[tuple[int, Page]]:
        if number is None:
            page = self._fetch(1, order)
            number = math.ceil((page.total or 0) / self._page_size)
            if number <= 1:
                yield 1, page
                return
        while number >= 1:
            yield number, self._fetch(number, order)
            number -= 1

    def _torn(self) -> tuple[list[int], list[int]]:
        """The pages, by rising and by falling order, that show what lies around edges between rows of one second."""
        rising: set[int] = set()
        falling: set[int] = set()
        for number, rows in self._pages.items():
            after = self._pages.get(number + 1)
            if not rows or not after or rows[-1] != after[0]:
                continue
            edge = number * self._page_size  # the place, from 0, of the first row after it
            for place in range(edge - _same(reversed(rows), rows[-1]), edge + _same(after, rows[-1])):
                rising.add(place // self._page_size + 1)
                falling.add(max(self.total - 1 - place, 0) // self._page_size + 1)
        return sorted(rising, reverse=True), sorted(falling, reverse=True)

    def _note(self, page: Page) -> list[Row]:
        self.total = page.total or 0
        self._nameless += sum(1 for row in page.rows if row_id(row) is None)
        return _new(page.rows, self.seen)


def _moment_only(row: Any) -> Any:
    return row.get("created_at") if isinstance(row, dict) else None


def _same(values: Iterable[Any], value: Any) -> int:
    """How many of the values, from the first, are that one."""
    return sum(1 for _ in itertools.takewhile(lambda found: found == value, values))


def read_upwards(read: ReadSpan, since: datetime, until: datetime, page_size: int) -> Iterator[list[Row]]:
    """A list ordered by rising `created_at`: each next request begins at the second the last one ended in."""
    known: set[int] = set()
    while True:
        page = read(1, since, until)
        yield _new(page.rows, known)
        if len(page.rows) < page_size:
            return
        latest = max(_moments(page.rows, since)).replace(microsecond=0)
        if latest <= since:
            yield from _read_second(read, since, page_size, known)
            latest = since.replace(microsecond=0) + SECOND
        since = latest


def read_downwards(read: ReadSpan, since: datetime, until: datetime, page_size: int) -> Iterator[list[Row]]:
    """A list ordered by falling `created_at`: each next request ends with the second the last one ended in."""
    known: set[int] = set()
    while True:
        page = read(1, since, until)
        yield _new(page.rows, known)
        if len(page.rows) < page_size:
            return
        earliest = min(_moments(page.rows, since)).replace(microsecond=0)
        if earliest + SECOND >= until:
            yield from _read_second(read, earliest, page_size, known)
            until = earliest
        else:
            until = earliest + SECOND
        if until <= since:
            return


def read_unordered(read: ReadSpan, since: datetime, until: datetime) -> Iterator[list[Row]]:
    """A list in no order at all: spans of time are divided until one answer shows the whole of each."""
    page = read(1, since, until)
    if page.total is None or len(page.rows) >= page.total:
        yield page.rows
        return
    if until - since <= SECOND:
        yield from _read_second(read, since, len(page.rows), set())
        return
    # half as many rows again as fit, were they spread evenly: most parts then need no further division
    parts = max(2, math.ceil(1.5 * page.total / max(len(page.rows), 1)))
    step = (until - since) / parts
    edges = sorted({(since + step * part).replace(microsecond=0) for part in range(1, parts)} - {since, until})
    for start, end in itertools.pairwise([since, *(edge for edge in edges if since < edge < until), until]):
        yield from read_unordered(read, start, end)


def _read_second(read: ReadSpan, second: datetime, page_size: int, known: set[int]) -> Iterator[list[Row]]:
    """More than a page in one second: only page numbers are left, and nothing in Chatwoot makes them safe."""
    number = 1
    while True:
        page = read(number, second, second + SECOND)
        yield _new(page.rows, known)
        if len(page.rows) < max(page_size, 1):
            return
        number += 1


def _new(rows: list[Row], known: set[int]) -> list[Row]:
    fresh = []
    for row in rows:
        found = row_id(row)
        if found is None or found not in known:
            fresh.append(row)
        if found is not None:
            known.add(found)
    return fresh


def _moments(rows: list[Row], default: datetime) -> list[datetime]:
    found = []
    for row in rows:
        try:
            found.append(required_moment(row, "created_at"))
        except BadRow:
            continue
    return found or [default]
