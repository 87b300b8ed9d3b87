"""The ten things about Chatwoot that bite first, each with the test that it does not bite here.

They are numbered as in Chatwoot's reference that this client was written from.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from sandbox.world.records import Account
from tests.sandbox.account import ANA, WHATSAPP, add_event, add_message, at, small_account
from tests.sources.chatwoot.conftest import MakePretend, Pretend
from tests.sources.chatwoot.expected import differences, stored


@pytest.fixture
def there(pretend: MakePretend) -> Pretend:
    return pretend(box=small_account())


def asked(there: Pretend) -> list[str]:
    return list(there.server.installation("box").traffic.recent)


def touch(account: Account, display_id: int, **changes: Any) -> None:
    """Changes a conversation as Chatwoot does: `updated_at` moves with it."""
    account.now += timedelta(minutes=30)
    talk = account.conversations[account.by_display_id[display_id]]
    for name, value in changes.items():
        setattr(talk, name, value)
    talk.updated_at = account.now


def test_trap_1_conversations_of_every_status_are_read_not_the_open_ones_only(there: Pretend) -> None:
    there.sync("box")
    rows = stored(there.dsn, "box", "conversations")
    assert {row["status"] for row in rows.values()} == {"open", "resolved", "pending", "snoozed"}
    assert len(rows) == len(there.account("box").conversations)
    lists = [line for line in asked(there) if "/conversations?" in line]
    assert lists
    assert all("status=all" in line for line in lists)


def test_trap_2_zero_is_no_time_snoozes_are_iso_and_updated_at_has_microseconds(there: Pretend) -> None:
    account = there.account("box")
    there.sync("box")
    rows = stored(there.dsn, "box", "conversations")
    unanswered = rows[(2,)]  # pending: nobody has replied
    assert unanswered["first_reply_created_at"] is None
    assert rows[(1,)]["waiting_since"] is None
    assert rows[(3,)]["snoozed_until"] == datetime(2026, 3, 20, 9, tzinfo=UTC)
    assert rows[(1,)]["snoozed_until"] is None
    assert rows[(1,)]["updated_at"] == account.conversations[1001].updated_at
    assert rows[(1,)]["updated_at"].microsecond == 123_456
    assert not [row for row in rows.values() for value in row.values() if value == datetime(1970, 1, 1, tzinfo=UTC)]


def test_trap_3_database_ids_in_reporting_events_become_display_ids(there: Pretend) -> None:
    account = there.account("box")
    # two conversations of one inbox created in the same second: what their events say fits both
    for display_id in (3, 6):
        talk = account.conversations[1000 + display_id]
        talk.created_at = at(2, 10, microsecond=display_id)
        talk.first_reply_created_at = None
        account.reporting_events = {k: e for k, e in account.reporting_events.items() if e.conversation_id != talk.id}
        add_event(account, "conversation_resolved", talk.id, talk.created_at, at(2, 11), ANA)
    there.sync("box")
    events = stored(there.dsn, "box", "reporting_events")
    assert len(events) == len(account.reporting_events)
    for (key,), event in events.items():
        db_id = account.reporting_events[key].conversation_id
        assert (event["conversation_db_id"], event["conversation_id"]) == (db_id, db_id - 1000)
    by_conversation = [line for line in asked(there) if line.endswith("/reporting_events")]
    assert 0 < len(by_conversation) <= 2  # only the two that could not be told apart were asked


def test_trap_3_database_ids_found_once_are_not_asked_for_again(there: Pretend) -> None:
    there.sync("box")
    with psycopg.connect(there.dsn) as connection:
        known = connection.execute(
            "select id, db_id from raw_chatwoot.conversations where db_id is not null"
        ).fetchall()
    assert known
    assert all(db_id == display_id + 1000 for display_id, db_id in known)

    def reopen_and_resolve(account: Account) -> None:
        touch(account, 1, status="resolved")
        # a reply time says nothing by which its conversation could be found
        event = add_event(account, "reply_time", 1001, at(14), at(14, 13), ANA)
        event.created_at = account.now

    there.server.change("box", reopen_and_resolve)
    there.sync("box")
    assert differences(there.dsn, "box", there.account("box")) == {}
    there.sync("box", mode="reconcile")
    assert differences(there.dsn, "box", there.account("box")) == {}


def test_trap_4_updated_within_brings_all_that_changed_in_one_request(there: Pretend) -> None:
    there.sync("box")
    there.requests("box")

    def change(account: Account) -> None:
        for display_id in range(1, 31):
            touch(account, display_id, priority="high")

    there.server.change("box", change)
    summary = there.sync("box")
    assert summary.conversations_changed == 30  # more than a page
    assert there.requests("box")["conversations.list"] == 1
    assert differences(there.dsn, "box", there.account("box")) == {}


def test_trap_5_an_edited_message_is_found_by_the_reconciliation_and_by_the_next_change(there: Pretend) -> None:
    there.sync("box")

    def edit(account: Account) -> None:
        account.now += timedelta(hours=1)
        for db_id in (1001, 1005):
            message = account.messages[account.messages_of[db_id][0]]
            message.content, message.updated_at = "editado", account.now
        account.contacts[9].name = "Outro Nome"

    there.server.change("box", edit)
    assert there.sync("box").conversations_changed == 0  # nothing announced it
    there.server.change("box", lambda account: touch(account, 1, priority="high"))
    there.sync("box")
    row = stored(there.dsn, "box", "messages")[(there.account("box").messages_of[1001][0],)]
    assert row["content"] == "editado"
    there.sync("box", mode="reconcile")
    assert differences(there.dsn, "box", there.account("box")) == {}


def delete_conversation(account: Account, display_id: int) -> None:
    db_id = account.by_display_id.pop(display_id)
    del account.conversations[db_id]
    for message_id in account.messages_of.pop(db_id):
        del account.messages[message_id]
    for rows in (account.csat_responses, account.reporting_events, account.applied_slas, account.sla_events):
        for key in [key for key, row in rows.items() if row.conversation_id == db_id]:
            del rows[key]  # type: ignore[attr-defined]


def test_trap_6_a_deleted_conversation_is_buried_with_all_that_is_its_own(there: Pretend) -> None:
    there.sync("box")
    there.server.change("box", lambda account: delete_conversation(account, 5))
    there.sync("box")
    assert (5,) in stored(there.dsn, "box", "conversations")  # nothing announced it
    there.sync("box", mode="reconcile")
    assert differences(there.dsn, "box", there.account("box")) == {}
    with psycopg.connect(there.dsn) as connection:
        kept = connection.execute(
            "select _deleted_at is not null, _sync_id from raw_chatwoot.messages where conversation_id = 5"
        ).fetchall()
    assert kept
    assert set(kept) == {(True, 3)}


def test_trap_6_a_conversation_deleted_between_list_and_messages_is_buried_at_once(there: Pretend) -> None:
    there.sync("box")
    there.server.change("box", lambda account: touch(account, 5, priority="low"))
    there.server.misbehave("box", "vanish", conversations=[5])
    there.sync("box")
    assert (5,) not in stored(there.dsn, "box", "conversations")
    assert not [row for row in stored(there.dsn, "box", "messages").values() if row["conversation_id"] == 5]


def test_trap_6_a_message_that_vanished_is_marked_when_its_conversation_is_read(there: Pretend) -> None:
    there.sync("box")

    def remove(account: Account) -> None:
        touch(account, 1, priority="low")
        del account.messages[account.messages_of[1001].pop(0)]

    there.server.change("box", remove)
    there.sync("box")
    assert differences(there.dsn, "box", there.account("box")) == {}


def test_trap_6_a_softly_deleted_message_keeps_its_row_and_says_so(there: Pretend) -> None:
    there.sync("box")

    def delete(account: Account) -> None:
        touch(account, 1)
        message = account.messages[account.messages_of[1001][0]]
        message.content, message.content_attributes = "Esta mensagem foi excluída", {"deleted": True}

    there.server.change("box", delete)
    there.sync("box")
    row = stored(there.dsn, "box", "messages")[(there.account("box").messages_of[1001][0],)]
    assert row["content_attributes"] == {"deleted": True}


def test_trap_7_changes_are_found_to_the_second_and_not_by_utc_days(there: Pretend) -> None:
    there.sync("box")
    there.requests("box")

    def change(account: Account) -> None:
        # at 21:30 in São Paulo it is already tomorrow in UTC: day filters cut here
        account.now = datetime(2026, 3, 17, 0, 30, 0, 500_000, tzinfo=UTC)
        add_message(account, 1001, "incoming", account.now, "boa noite", "Contact", 1)

    there.server.change("box", change)
    assert there.sync("box").conversations_changed == 1
    assert "conversations.filter" not in there.requests("box")
    there.server.change("box", lambda account: setattr(account, "now", account.now + timedelta(days=3)))
    there.sync("box")
    # 16 March of the tenant's calendar ends at 03:00 UTC on the 17th
    assert there.sync("box", mode="since", since=date(2026, 3, 17)).conversations_changed == 0
    assert there.sync("box", mode="since", since=date(2026, 3, 16)).conversations_changed >= 1
    assert differences(there.dsn, "box", there.account("box")) == {}


def test_trap_8_attributes_that_arrive_as_json_inside_a_string_are_stored_as_objects(there: Pretend) -> None:
    account = there.account("box")
    message = account.messages[account.messages_of[1001][0]]
    message.content_attributes = '{"in_reply_to": 5001, "text": "a\\u0000b"}'
    there.sync("box")
    row = stored(there.dsn, "box", "messages")[(message.id,)]
    assert row["content_attributes"] == {"in_reply_to": 5001, "text": "ab"}


def test_trap_9_an_event_written_late_is_found_by_when_it_was_written(there: Pretend) -> None:
    there.sync("box")

    def write_late(account: Account) -> None:
        account.now += timedelta(days=2)
        event = add_event(account, "conversation_resolved", 1001, account.conversations[1001].created_at, at(3), ANA)
        event.created_at = account.now - timedelta(hours=1)  # about what happened two weeks earlier

    there.server.change("box", write_late)
    there.sync("box")
    assert differences(there.dsn, "box", there.account("box")) == {}


def test_trap_9_an_event_committed_behind_the_last_sync_is_found_in_the_overlap(there: Pretend) -> None:
    there.sync("box")

    def commit_late(account: Account) -> None:
        event = add_event(account, "conversation_resolved", 1001, account.conversations[1001].created_at, at(3), ANA)
        event.created_at = account.now - timedelta(minutes=5)
        account.now += timedelta(hours=1)

    there.server.change("box", commit_late)
    there.sync("box")
    assert differences(there.dsn, "box", there.account("box")) == {}


def test_trap_10_events_keep_the_user_chatwoot_credited_whoever_is_assigned_now(there: Pretend) -> None:
    account = there.account("box")
    first = next(e for e in account.reporting_events.values() if e.name == "first_response")
    talk = account.conversations[first.conversation_id]
    assert first.user_id == talk.assignee_id
    talk.assignee_id = 1  # reassigned afterwards
    there.sync("box")
    event = stored(there.dsn, "box", "reporting_events")[(first.id,)]
    conversation = stored(there.dsn, "box", "conversations")[(talk.display_id,)]
    assert event["user_id"] == first.user_id != conversation["assignee_id"] == 1


def test_a_listed_conversation_needs_no_tie_breaker(pretend: MakePretend) -> None:
    account = small_account()
    for talk in account.conversations.values():
        talk.created_at = at(1)  # an import: 31 conversations of the same moment, in any order on two pages
        account.contacts[talk.contact_id].created_at = at(1)
    there = pretend(box=account)
    there.sync("box")
    assert differences(there.dsn, "box", account) == {}


def test_anonymous_visitors_come_from_their_conversations(there: Pretend) -> None:
    there.sync("box")
    assert (31,) in stored(there.dsn, "box", "contacts")
    assert stored(there.dsn, "box", "contacts")[(31,)]["phone_number"] is None
    assert WHATSAPP in {row["inbox_id"] for row in stored(there.dsn, "box", "conversations").values()}
