"""Whatever is loaded, in whatever batches, the table is what a dictionary would be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.servers import Server
from tests.warehouse.test_load import START, load
from warehouse.tombstones import mark_deleted

TABLE = "raw_chatwoot.messages"
tenants = count(1)

any_text = st.text(st.characters(exclude_categories=()), max_size=12)  # NUL, half surrogate pairs, everything
clean_text = st.text(max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(-1e9, 1e9, width=32) | clean_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(clean_text, inner, max_size=3),
    max_leaves=6,
)
row = st.fixed_dictionaries(
    {
        "id": st.integers(1, 12),
        "conversation_id": st.integers(-(2**64), 2**64) | st.integers(1, 3),
        "content": st.none() | any_text,
        "private": st.sampled_from([True, False, False, None]),
        "extra": st.none() | json_values,
    },
)
step = st.tuples(st.just("load"), st.lists(row, max_size=12)) | st.tuples(
    st.just("present"), st.lists(st.integers(1, 12), max_size=12)
)


@pytest.fixture(scope="module")
def database(embedded_server: Server) -> Iterator[str]:
    url = embedded_server.create(migrated=True)
    yield url
    embedded_server.drop(url)


def without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    if isinstance(value, dict):
        return {without_nul(key): without_nul(item) for key, item in value.items()}
    return value


def same(one: Any, other: Any) -> bool:
    """Equality as jsonb has it: 1 is 1.0, and true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def storable(row: dict[str, Any]) -> bool:
    text = row["content"] or ""
    half = any(0xD800 <= ord(character) <= 0xDFFF for character in text)
    return not half and row["private"] is not None and -(2**63) <= row["conversation_id"] < 2**63


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(step, max_size=6), chunk_rows=st.sampled_from([1, 3, 10_000]))
def test_the_table_is_what_a_dictionary_would_be(database: str, steps: list[Any], chunk_rows: int) -> None:
    tenant = f"tenant_{next(tenants)}"
    model: dict[int, dict[str, Any]] = {}
    rejected: set[str] = set()
    with psycopg.connect(database) as connection:
        for sync_id, (action, given_rows) in enumerate(steps, start=1):
            if action == "present":
                gone = [id for id, known in model.items() if id not in given_rows and not known["deleted"]]
                deleted = mark_deleted(connection, TABLE, tenant_id=tenant, sync_id=sync_id, present=given_rows)
                assert deleted == len(gone)
                for id in gone:
                    model[id] |= {"deleted": True, "sync_id": sync_id}
                continue
            rows = [{"message_type": "incoming", "created_at": START} | each for each in given_rows]
            result = load(connection, iter(rows), sync_id, tenant_id=tenant, chunk_rows=chunk_rows)
            written, refused = apply(model, rejected, rows, sync_id, chunk_rows)
            assert (result.read, result.rejected) == (len(rows), refused)
            assert result.read == result.written + result.unchanged + result.rejected + result.superseded
            assert result.written == written
            again = load(connection, last_of_each(rows), sync_id + 100, tenant_id=tenant)
            assert again.written == 0 or any(not storable(each) for each in rows)
            if again.written:
                apply(model, rejected, last_of_each(rows), sync_id + 100, 10_000)
        statement = (
            "select id, conversation_id, content, private, extra, _deleted_at is not null, _sync_id "
            "from raw_chatwoot.messages where tenant_id = %s"
        )
        found = {
            id: {
                **dict(zip(("conversation_id", "content", "private", "extra", "deleted", "sync_id"), rest, strict=True))
            }
            for id, *rest in connection.execute(statement, [tenant])
        }
        assert found == model
        keys = connection.execute("select row_key from ops.rejected_rows where tenant_id = %s", [tenant]).fetchall()
        assert {key for (key,) in keys} == rejected


def last_of_each(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({row["id"]: row for row in rows}.values())


def apply(
    model: dict[int, dict[str, Any]], rejected: set[str], rows: list[dict[str, Any]], sync_id: int, chunk_rows: int
) -> tuple[int, int]:
    """Loads rows into the model: how many were written, how many refused."""
    written = refused = 0
    for first in range(0, len(rows), chunk_rows):
        for each in last_of_each(rows[first : first + chunk_rows]):
            key = each["id"]
            if not storable(each):
                refused += 1
                rejected.add(str(key))
                continue
            rejected.discard(str(key))
            values = {name: without_nul(each[name]) for name in ("conversation_id", "content", "private", "extra")}
            known = model.get(key)
            if known and not known["deleted"] and all(same(known[name], value) for name, value in values.items()):
                continue
            model[key] = values | {"deleted": False, "sync_id": sync_id}
            written += 1
    return written, refused
