"""Lists that move while they are read and have no tie-breaker are read whole all the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.chatwoot.client import LAST_MESSAGE_ID, ChatwootClient, Page, Row
from sources.chatwoot.messages import read_messages
from sources.chatwoot.paging import (
    BEGINNING,
    END,
    CountedWalk,
    read_downwards,
    read_unordered,
    read_upwards,
)
from sources.chatwoot.transport import Request, Response
from tests.sources.chatwoot.handler import answer, client_of

START = datetime(2026, 1, 1, tzinfo=UTC)
SIZE = 5
# seconds after START; small numbers make many rows of one second
MOMENTS = st.lists(st.integers(0, 60), max_size=60)


def rows_at(moments: list[int]) -> list[Row]:
    return [{"id": number, "created_at": int(START.timestamp()) + at} for number, at in enumerate(moments, 1)]


def spans(rows: list[Row], rng: random.Random, order: int | None) -> Callable[[int, datetime, datetime], Page]:
    """A list by time (1 rising, -1 falling) or in none at all; rows of one second come in any order."""
    drawn = {row["id"]: rng.random() for row in rows}

    def read(number: int, since: datetime, until: datetime) -> Page:
        found = [row for row in rows if since.timestamp() <= row["created_at"] < until.timestamp()]
        found.sort(key=lambda row: (order * row["created_at"] if order else 0, drawn[row["id"]]))
        return Page(found[(number - 1) * SIZE : number * SIZE], len(found))

    return read


def ids(pages: Any) -> list[int]:
    return sorted(row["id"] for page in pages for row in page)


@settings(deadline=None)
@given(MOMENTS, st.randoms(use_true_random=False))
def test_lists_by_time_are_read_once_and_whole(moments: list[int], rng: random.Random) -> None:
    rows = rows_at(moments)
    want = [row["id"] for row in rows]
    assert ids(read_upwards(spans(rows, rng, 1), BEGINNING, END, SIZE)) == want
    assert ids(read_downwards(spans(rows, rng, -1), BEGINNING, END, SIZE)) == want
    assert ids(read_unordered(spans(rows, rng, None), START, START + timedelta(seconds=61))) == want


def test_reading_by_time_is_deaf_to_deletions_and_insertions_on_the_way() -> None:
    rows = rows_at(list(range(40)))
    still = {row["id"] for row in rows[10:]}
    read = spans(rows, random.Random(0), 1)
    found = []
    for page in read_upwards(read, BEGINNING, END, SIZE):
        found += [row["id"] for row in page]
        if rows[0]["id"] not in still:
            del rows[0]
    assert still <= set(found)
    assert len(found) == len(set(found))


class Shelf:
    """A list by page numbers, ordered by created_at, whose ties are drawn anew for every answer."""

    def __init__(self, rows: list[Row], rng: random.Random) -> None:
        self.rows, self.rng, self.asked = rows, rng, 0
        self.shift = 0.0

    def fetch(self, number: int, order: int) -> Page:
        self.asked += 1
        key: Callable[[Row], Any] = lambda row: (row["created_at"], self.rng.random())  # noqa: E731
        if order > 1:
            key = lambda row: row["id"] * 7919 % 101  # noqa: E731
        ordered = sorted(self.rows, key=key, reverse=order == 1)
        start = (number - 1) * SIZE + (number > 1 and self.rng.random() < self.shift)
        return Page(ordered[start : start + SIZE], len(self.rows))


@settings(deadline=None)
@given(MOMENTS, st.randoms(use_true_random=False))
def test_a_counted_walk_finds_rows_hidden_by_ties(moments: list[int], rng: random.Random) -> None:
    shelf = Shelf(rows_at(moments), rng)
    walk = CountedWalk(shelf.fetch, SIZE)
    assert ids(rows for _, rows in walk) == [row["id"] for row in shelf.rows]
    assert walk.complete


def test_a_counted_walk_looks_again_only_where_rows_may_hide() -> None:
    shelf = Shelf(rows_at([at // 2 for at in range(203)]), random.Random(1))
    walk = CountedWalk(shelf.fetch, SIZE)
    assert len(ids(rows for _, rows in walk)) == 203
    assert shelf.asked < 1 + 41 + 41  # page 1 for the count, every page, and far from every page again


def test_a_counted_walk_survives_rows_shifting_between_pages() -> None:
    for seed in range(30):
        shelf = Shelf(rows_at(list(range(62))), random.Random(seed))
        shelf.shift = 0.3
        walk = CountedWalk(shelf.fetch, SIZE)
        assert len(ids(rows for _, rows in walk)) == 62


def test_a_counted_walk_misses_nothing_while_rows_are_deleted_and_added() -> None:
    shelf = Shelf(rows_at(list(range(200))), random.Random(0))
    still = {row["id"] for row in shelf.rows[20:180]}
    walk = CountedWalk(shelf.fetch, SIZE)
    found = set()
    fresh = 1000
    for _, rows in walk:
        found |= {row["id"] for row in rows}
        if shelf.rows[0]["id"] not in still:
            del shelf.rows[0]
        fresh += 1
        shelf.rows.append({"id": fresh, "created_at": int(START.timestamp()) + fresh})
        if fresh > 1030:
            break
    shelf_ids = {row["id"] for row in shelf.rows}
    for _, rows in walk:
        found |= {row["id"] for row in rows}
    assert still & shelf_ids <= found


def test_a_counted_walk_gives_up_on_what_is_counted_but_never_listed() -> None:
    shelf = Shelf(rows_at(list(range(12))), random.Random(0))
    walk = CountedWalk(lambda number, order: Page(shelf.fetch(number, order).rows, 13), SIZE)
    assert len(ids(rows for _, rows in walk)) == 12
    assert not walk.complete


# messages -----------------------------------------------------------------------------------------------------------


def messages_of(rows: list[Row]) -> tuple[ChatwootClient, list[dict[str, str]]]:
    """Chatwoot's message list: `after` inclusive and `before` exclusive together, oldest 1,000 by time."""
    asked: list[dict[str, str]] = []

    def handler(request: Request) -> Response:
        asked.append(dict(request.params))
        after, before = int(asked[-1]["after"]), int(asked[-1]["before"])
        found = sorted((row for row in rows if after <= row["id"] < before), key=lambda row: row["created_at"])
        return answer({"meta": {}, "payload": found[:1000]})

    return client_of(handler), asked


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (999, 1), (1000, 3), (1500, 3), (2500, 5)])
def test_all_messages_of_a_conversation_in_as_few_requests_as_can_be(count: int, requests: int) -> None:
    client, asked = messages_of([{"id": 50 + 3 * n, "created_at": n} for n in range(count)])
    assert len({row["id"] for row in read_messages(client, 1)}) == count
    assert len(asked) == requests
    assert asked[0] == {"after": "0", "before": str(LAST_MESSAGE_ID)}


@settings(deadline=None, max_examples=20)
@given(st.integers(1000, 4000), st.randoms(use_true_random=False))
def test_ids_that_do_not_follow_time_hide_no_message(count: int, rng: random.Random) -> None:
    moments = list(range(count))
    rng.shuffle(moments)
    client, asked = messages_of([{"id": number, "created_at": at} for number, at in enumerate(moments, 1)])
    found = [row["id"] for row in read_messages(client, 1)]
    assert sorted(found) == list(range(1, count + 1))
    assert len(asked) < count / 50
