"""Rows land once, change only when they really changed, and a bad one never stops the rest."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from warehouse.load import LoadResult, load_rows
from warehouse.tombstones import mark_deleted

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


def message(id: Any, **changes: Any) -> dict[str, Any]:
    return {
        "id": id,
        "conversation_id": 7,
        "message_type": "incoming",
        "content": f"message {id}",
        "private": False,
        "created_at": START,
        "extra": {"sentiment": None},
    } | changes


def load(connection: psycopg.Connection, rows: Any, sync_id: int = 1, **options: Any) -> LoadResult:
    return load_rows(
        connection,
        options.pop("table", "raw_chatwoot.messages"),
        rows,
        tenant_id=options.pop("tenant_id", "gym"),
        sync_id=sync_id,
        source="chatwoot",
        resource="messages",
        **options,
    )


def lead(id: str) -> dict[str, Any]:
    return {"id": id, "status": "new", "created_at": START, "updated_at": START}


def rejected(connection: psycopg.Connection) -> dict[str, str]:
    return dict(connection.execute("select row_key, reason from ops.rejected_rows").fetchall())


def test_loading_twice_changes_nothing(each_server: str) -> None:
    rows = [message(number) for number in range(25)]
    with psycopg.connect(each_server) as connection:
        assert load(connection, rows) == LoadResult(read=25, inserted=25)
        assert load(connection, rows, sync_id=2) == LoadResult(read=25, unchanged=25)
        assert connection.execute("select distinct _sync_id from raw_chatwoot.messages").fetchall() == [(1,)]


def test_only_what_really_changed_gets_the_new_sync_id(each_server: str) -> None:
    with psycopg.connect(each_server) as connection:
        load(connection, [message(1), message(2), message(3)])
        changed = [message(1), message(2, content="edited"), message(3, extra={"sentiment": "sad"}), message(4)]
        assert load(connection, changed, sync_id=2) == LoadResult(read=4, inserted=1, updated=2, unchanged=1)
        found = connection.execute("select id, _sync_id from raw_chatwoot.messages order by id").fetchall()
    assert found == [(1, 1), (2, 2), (3, 2), (4, 2)]


def test_tenants_do_not_touch_each_other(each_server: str) -> None:
    with psycopg.connect(each_server) as connection:
        load(connection, [message(1)])
        load(connection, [message(1, content="mine")], tenant_id="clinic")
        mark_deleted(connection, "raw_chatwoot.messages", tenant_id="clinic", sync_id=2, present=[])
        found = connection.execute(
            "select tenant_id, content, _deleted_at is null from raw_chatwoot.messages order by 1"
        )
        assert found.fetchall() == [("clinic", "mine", False), ("gym", "message 1", True)]


@pytest.mark.parametrize("chunk_rows", [1, 2, 100])
def test_the_last_of_two_rows_with_one_key_wins(each_server: str, chunk_rows: int) -> None:
    rows = [message(1, content="first"), message(2), message(1, content="last")]
    with psycopg.connect(each_server) as connection:
        result = load(connection, rows, chunk_rows=chunk_rows)
        assert (result.read, result.inserted) == (3, 2)
        assert result.updated + result.superseded == 1
        found = connection.execute("select content from raw_chatwoot.messages where id = 1").fetchall()
    assert found == [("last",)]


def test_nul_characters_are_removed_everywhere(each_server: str) -> None:
    row = message(1, content="a\0b", extra={"k\0ey": ["x\0", {"deep": "\0y"}], "kept": "\\u0000 as text"})
    with psycopg.connect(each_server) as connection:
        assert load(connection, [row]).inserted == 1
        found = connection.execute("select content, extra from raw_chatwoot.messages").fetchone()
    assert found == ("ab", {"key": ["x", {"deep": "y"}], "kept": "\\u0000 as text"})


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"conversation_id": "seven"}, "conversation_id: invalid input syntax"),
        ({"id": 2**70}, "id: value .* out of range"),
        ({"created_at": "yesterday at noon"}, "created_at: invalid input syntax"),
        ({"content": "half \ud83d a smile"}, "surrogate"),
        ({"extra": {"half": "\udc00"}}, "surrogate"),
        ({"extra": {"score": float("nan")}}, "JSON"),
        ({"private": None}, "private"),
        ({"message_type": {"not": "text"}}, "dict"),
        ({"id": {"not": "a number"}}, "dict"),
        ({"id": [1]}, "invalid input syntax"),
    ],
)
def test_a_row_that_cannot_be_stored_is_kept_aside_with_the_reason(
    each_server: str, broken: dict[str, Any], says: str
) -> None:
    rows = [message(number) for number in range(50)]
    rows[31] |= broken
    with psycopg.connect(each_server) as connection:
        assert load(connection, rows) == LoadResult(read=50, inserted=49, rejected=1)
        [(key, reason)] = rejected(connection).items()
        assert key == str(rows[31]["id"])
        assert re.search(says, reason), reason
        payload = connection.execute("select payload ->> 'message_type' from ops.rejected_rows").fetchone()
        assert payload is not None


def test_a_check_or_not_null_violation_is_kept_aside(each_server: str) -> None:
    base = {"conversation_id": 1, "created_at": START}
    rows = [{"id": 1, "rating": 5, **base}, {"id": 2, "rating": 9, **base}, {"id": 3, "rating": None, **base}]
    with psycopg.connect(each_server) as connection:
        result = load(connection, rows, table="raw_chatwoot.csat_survey_responses")
        assert result == LoadResult(read=3, inserted=1, rejected=2)
        reasons = rejected(connection)
    assert re.match(r"rating: 9 is against the rule .*rating <= 5", reasons["2"])
    assert reasons["3"] == "rating: it is missing"


def test_a_key_too_long_for_an_index_is_kept_aside(each_server: str) -> None:
    noise = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(4000))
    rows = [lead("1"), lead(noise), lead("3"), lead("4")]
    with psycopg.connect(each_server) as connection:
        assert load(connection, rows, table="raw_bot.leads") == LoadResult(read=4, inserted=3, rejected=1)
        [reason] = rejected(connection).values()
    assert "index row" in reason


def test_ids_that_only_look_different_are_one_row(each_server: str) -> None:
    rows = [message(1, content="first"), message(2), message("01", content="last")]
    with psycopg.connect(each_server) as connection:
        assert load(connection, rows) == LoadResult(read=3, inserted=2, updated=1)
        found = connection.execute("select content from raw_chatwoot.messages where id = 1").fetchall()
    assert found == [("last",)]


@pytest.mark.parametrize(
    "bad", [{"lead_id": None}, {"status": "novo"}, {"booked_at": "amanhã"}, {"procedure": "\udfff"}]
)
def test_nothing_but_bad_rows_costs_no_more_than_a_few_good_ones(warehouse: str, bad: dict[str, Any]) -> None:
    rows = [
        {"id": f"b{number}", "lead_id": "1", "booked_at": START, "status": "booked", "updated_at": START} | bad
        for number in range(3000)
    ]
    with psycopg.connect(warehouse) as connection:
        began = time.perf_counter()
        assert load(connection, rows, table="raw_bot.procedure_bookings") == LoadResult(read=3000, rejected=3000)
        assert time.perf_counter() - began < 10
        load(connection, rows, table="raw_bot.procedure_bookings", sync_id=2)
        assert connection.execute("select count(*), min(_sync_id) from ops.rejected_rows").fetchone() == (3000, 2)


def test_a_long_stream_is_never_held_in_memory(warehouse: str) -> None:
    alive = peak = 0

    class Content(str):
        def __new__(cls, text: str) -> Content:
            nonlocal alive, peak
            alive += 1
            peak = max(peak, alive)
            return super().__new__(cls, text)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    with psycopg.connect(warehouse) as connection:
        rows = (message(number, content=Content("x" * 100)) for number in range(5000))
        assert load(connection, rows, chunk_rows=500).inserted == 5000
    assert peak <= 1001


def test_a_rejected_row_that_loads_later_is_no_longer_listed(each_server: str) -> None:
    with psycopg.connect(each_server) as connection:
        load(connection, [message(1, created_at="soon"), message(2, created_at="late")])
        assert set(rejected(connection)) == {"1", "2"}
        load(connection, [message(1)], sync_id=2)
        assert set(rejected(connection)) == {"2"}


def test_a_row_that_came_back_is_no_longer_deleted(each_server: str) -> None:
    with psycopg.connect(each_server) as connection:
        load(connection, [message(1), message(2)])
        assert mark_deleted(connection, "raw_chatwoot.messages", tenant_id="gym", sync_id=2, present=[(1,)]) == 1
        assert mark_deleted(connection, "raw_chatwoot.messages", tenant_id="gym", sync_id=3, present=[1]) == 0
        assert load(connection, [message(2)], sync_id=4) == LoadResult(read=1, updated=1)
        found = connection.execute("select id, _sync_id, _deleted_at from raw_chatwoot.messages order by id").fetchall()
    assert found == [(1, 1, None), (2, 4, None)]


def test_only_the_rows_in_question_are_judged_deleted(each_server: str) -> None:
    with psycopg.connect(each_server) as connection:
        load(connection, [message(1), message(2), message(3, conversation_id=8)])
        deleted = mark_deleted(
            connection,
            "raw_chatwoot.messages",
            tenant_id="gym",
            sync_id=2,
            present=[2, "no number", "half \ud83d"],
            where="target.conversation_id = %(conversation)s",
            parameters={"conversation": 7},
        )
        assert deleted == 1
        found = connection.execute("select id from raw_chatwoot.messages where _deleted_at is not null").fetchall()
    assert found == [(1,)]


def test_keys_of_several_columns(each_server: str) -> None:
    cost = {"cost": "10.50", "currency": "BRL"}
    day = START.date()
    rows = [{"campaign_id": "a/b", "cost_date": day + timedelta(days=number), **cost} for number in range(3)]
    with psycopg.connect(each_server) as connection:
        assert load(connection, rows, table="raw_bot.campaign_costs").inserted == 3
        absent = [("a/b", day), ("a/b", "1999-01-01")]
        assert mark_deleted(connection, "raw_bot.campaign_costs", tenant_id="gym", sync_id=2, absent=absent) == 1


def test_columns_not_asked_for_keep_what_they_hold(each_server: str) -> None:
    contact = {"id": 1, "name": "Ana", "email": "ana@example.com"}
    with psycopg.connect(each_server) as connection:
        load(connection, [contact], table="raw_chatwoot.contacts")
        result = load(
            connection,
            [{"id": 1, "name": "Ana Maria"}, {"id": 2, "name": "Bia"}],
            2,
            table="raw_chatwoot.contacts",
            columns=["name"],
        )
        assert result == LoadResult(read=2, inserted=1, updated=1)
        found = connection.execute("select id, name, email from raw_chatwoot.contacts order by id").fetchall()
    assert found == [(1, "Ana Maria", "ana@example.com"), (2, "Bia", None)]


def test_a_required_column_with_a_default_may_be_left_out(each_server: str) -> None:
    row = {"id": 1, "status": "open", "created_at": START}
    with psycopg.connect(each_server) as connection:
        load(connection, [row, row | {"id": 2, "labels": ["vip", "a b"]}], table="raw_chatwoot.conversations")
        found = connection.execute("select labels from raw_chatwoot.conversations order by id").fetchall()
    assert found == [([],), (["vip", "a b"],)]


def test_a_column_the_table_lacks_is_the_callers_mistake(warehouse: str) -> None:
    with psycopg.connect(warehouse) as connection, pytest.raises(ValueError, match="colour"):
        load(connection, [message(1, colour="red")])


def test_a_failing_transaction_takes_the_rows_with_it(warehouse: str) -> None:
    with psycopg.connect(warehouse) as connection:
        with connection.transaction() as transaction:
            load(connection, [message(1), message(2, created_at="never")])
            raise psycopg.Rollback(transaction)
        assert connection.execute("select count(*) from raw_chatwoot.messages").fetchone() == (0,)
        assert rejected(connection) == {}
        assert load(connection, [message(1)]).inserted == 1
