"""From JSON to rows: what is required, what may be missing, and how values are written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sources.chatwoot import rows
from sources.chatwoot.values import BadRow, attributes, moment
from sources.chatwoot.work import without_secrets

CONVERSATION: dict[str, Any] = {
    "id": 7,
    "inbox_id": 1,
    "status": "open",
    "labels": ["vip"],
    "created_at": 1767225600,
    "last_activity_at": 1767225700,
    "meta": {"sender": {"id": 3}},
}
MESSAGE: dict[str, Any] = {
    "id": 9,
    "conversation_id": 7,
    "inbox_id": 1,
    "message_type": 1,
    "private": False,
    "created_at": 1767225600,
}


@pytest.mark.parametrize("missing", ["id", "inbox_id", "status", "labels", "created_at", "last_activity_at", "meta"])
def test_a_conversation_without_a_required_key_is_a_bad_row(missing: str) -> None:
    raw = {key: value for key, value in CONVERSATION.items() if key != missing}
    with pytest.raises(BadRow, match=f"'{missing}' is missing"):
        rows.conversation(raw)


def test_keys_that_older_servers_leave_out_are_null() -> None:
    row = rows.conversation(CONVERSATION)
    assert row["updated_at"] is None
    assert row["assignee_id"] is None
    assert row["team_id"] is None
    assert row["additional_attributes"] == {}


def test_an_assignee_before_4_8_is_a_user_and_since_then_what_it_says() -> None:
    def assigned(**meta: Any) -> tuple[Any, Any]:
        row = rows.conversation({**CONVERSATION, "meta": {**CONVERSATION["meta"], **meta}})
        return row["assignee_id"], row["assignee_bot_id"]

    assert assigned(assignee={"id": 5}) == (5, None)
    assert assigned(assignee={"id": 5}, assignee_type="User") == (5, None)
    assert assigned(assignee={"id": 5}, assignee_type="AgentBot") == (None, 5)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "7"}, "'id' is not a whole number"),
        ({"id": True}, "'id' is not a whole number"),
        ({"id": None}, "'id' is null"),
        ({"message_type": 9}, "'message_type' 9 is unknown"),
        ({"private": "no"}, "'private' is not true or false"),
        ({"created_at": "yesterday"}, "'created_at' is not a time"),
        ({"created_at": 0}, "'created_at' is null"),
        ({"created_at": 1e30}, "'created_at' is not a time"),
        ({"content": 5}, "'content' is not text"),
        ({"content_attributes": "{oops"}, "'content_attributes' is not an object"),
        ({"attachments": [1]}, "'attachments' is not a list of objects"),
        ({"sender": {"id": 1}}, "'type' is missing"),
    ],
)
def test_a_value_of_another_type_is_a_bad_row_that_says_which(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRow) as caught:
        rows.message({**MESSAGE, **change})
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (None, None),
        (0, None),
        ("", None),
        (1767225600, datetime(2026, 1, 1, tzinfo=UTC)),
        (1767225600.123456, datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)),
        ("1767225600", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T09:00:00.000Z", datetime(2026, 1, 1, 9, tzinfo=UTC)),
        ("2026-01-01T09:00:00.000-03:00", datetime(2026, 1, 1, 12, tzinfo=UTC)),
    ],
)
def test_times_come_in_many_forms(written: Any, meant: datetime | None) -> None:
    assert moment(written, "at") == meant


def test_microseconds_of_a_float_time_survive() -> None:
    for microsecond in range(0, 1_000_000, 997):
        exact = datetime(2026, 7, 24, 12, 34, 56, microsecond, tzinfo=UTC)
        assert moment(exact.timestamp(), "updated_at") == exact


def test_attributes_inside_a_string_are_taken_out_of_it() -> None:
    assert attributes({"a": 1}, "x") == {"a": 1}
    assert attributes('{"a": 1}', "x") == {"a": 1}
    assert attributes('"{\\"a\\": 1}"', "x") == {"a": 1}
    assert attributes(None, "x") == {}
    assert attributes("", "x") == {}


def test_an_attachments_signed_addresses_stay_outside() -> None:
    raw = {
        "id": 1,
        "file_type": "image",
        "data_url": "https://chat.example.com/rails/blobs/signed",
        "thumb_url": "https://chat.example.com/rails/blobs/signed",
        "extension": None,
    }
    row = rows.message({**MESSAGE, "attachments": [raw]})
    assert row["extra"] == {"attachments": [{"id": 1, "file_type": "image"}]}


def test_a_rejected_payload_is_stripped_of_secrets() -> None:
    raw = {"id": 1, "imap_password": "x", "provider_config": {"api_key": "x"}, "list": [{"hmac_token": "x", "a": 1}]}
    assert without_secrets(raw) == {"id": 1, "list": [{"a": 1}]}
