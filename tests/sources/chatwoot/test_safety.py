"""What must never happen: secrets in a table, deletions believed too easily, a bad row stopping the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from sandbox.world.records import Account, Inbox
from sources.chatwoot import errors
from sources.chatwoot.check import check_chatwoot
from sources.chatwoot.sync import sync_chatwoot
from tests.sandbox.account import ADMIN_TOKEN, AGENT_TOKEN, ANA, small_account
from tests.sources.chatwoot.conftest import MakePretend, Pretend, impatient, tenant_at
from tests.sources.chatwoot.expected import differences, stored

SECRETS = ("whatsapp-secret", "web-secret", "smtp-hunter2", "twilio-secret", ADMIN_TOKEN)


def whole_database(dsn: str) -> str:
    """Every row of every table, as text."""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            "select format('%I.%I', table_schema, table_name) from information_schema.tables "
            "where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'"
        ).fetchall()
        rows = [str(connection.execute(f"select t::text from {table} t").fetchall()) for (table,) in tables]
    return "\n".join(rows)


def test_secrets_are_in_no_table(pretend: MakePretend) -> None:
    account = small_account()
    email = account.inboxes[3]
    email.secrets = {"imap_password": "smtp-hunter2", "smtp_password": "smtp-hunter2", "auth_token": "twilio-secret"}
    # an inbox that cannot be read is kept as rejected, and without its secrets too
    account.inboxes[4] = Inbox(4, None, "Channel::Email", secrets=email.secrets)  # type: ignore[arg-type]
    account.inboxes[4].name = 5  # type: ignore[assignment]
    there = pretend(box=account)
    with pytest.raises(AttributeError):  # the pretend server sorts by name
        account.inboxes[4].name.lower()
    account.inboxes[4].name = _Named()  # type: ignore[assignment]
    summary = there.sync("box")
    assert summary.rows_rejected == 1
    text = whole_database(there.dsn)
    assert [secret for secret in SECRETS if secret in text] == []


class _Named(dict[str, Any]):
    """A name that is no text, but that can be sorted by."""

    def lower(self) -> str:
        return "zzz"


def test_the_token_is_in_no_error_and_no_run(pretend: MakePretend) -> None:
    there = pretend(box=small_account())
    tenant = tenant_at(there.server.base_url("box"), token="wrong-t0ken")
    with pytest.raises(errors.BadToken) as caught:
        sync_chatwoot(tenant, there.dsn, connect=impatient)
    assert "wrong-t0ken" not in str(caught.value)
    assert "wrong-t0ken" not in whole_database(there.dsn)
    assert "chatwoot.api_token" in str(caught.value)
    with psycopg.connect(there.dsn) as connection:
        assert connection.execute("select status, error, requests from ops.sync_runs").fetchone() == (
            "failed",
            str(caught.value),
            1,
        )


def test_a_bad_row_is_kept_with_its_reason_and_the_rest_goes_on(pretend: MakePretend) -> None:
    account = small_account()
    talk = account.conversations[1004]
    talk.labels = None  # type: ignore[assignment]
    message = account.messages[account.messages_of[1001][0]]
    message.status = 7  # type: ignore[assignment]
    there = pretend(box=account)
    summary = there.sync("box")
    assert summary.rows_rejected == 2
    with psycopg.connect(there.dsn) as connection:
        rejected = connection.execute(
            "select resource, row_key, reason from ops.rejected_rows order by resource"
        ).fetchall()
    assert rejected == [
        ("conversations", "4", "'labels' is not a list of words"),
        ("messages", str(message.id), "'status' is not text"),
    ]
    assert len(stored(there.dsn, "box", "conversations")) == len(account.conversations) - 1
    # a conversation that cannot be read is not looked for again and again
    there.requests("box")
    there.sync("box")
    assert there.requests("box")["conversations.list"] == 1

    def mend(account: Account) -> None:
        account.now += timedelta(minutes=1)
        talk.labels, talk.updated_at = ["vip"], account.now
        message.status = "sent"
        account.conversations[1001].updated_at = account.now

    there.server.change("box", mend)
    there.sync("box")
    assert differences(there.dsn, "box", account) == {}
    with psycopg.connect(there.dsn) as connection:
        assert connection.execute("select count(*) from ops.rejected_rows").fetchone() == (0,)


def test_a_bad_row_known_before_is_not_taken_for_deleted(pretend: MakePretend) -> None:
    there = pretend(box=small_account())
    there.sync("box")
    there.server.change("box", lambda account: setattr(account.conversations[1004], "labels", None))
    there.sync("box", mode="reconcile")
    assert (4,) in stored(there.dsn, "box", "conversations")


def remove_talks(account: Account, keep: int) -> None:
    for db_id in sorted(account.conversations)[keep:]:
        del account.by_display_id[account.conversations.pop(db_id).display_id]
        for message_id in account.messages_of.pop(db_id):
            del account.messages[message_id]
        for rows in (account.csat_responses, account.reporting_events, account.applied_slas, account.sla_events):
            for key in [key for key, row in rows.items() if row.conversation_id == db_id]:
                del rows[key]  # type: ignore[attr-defined]


def live(there: Pretend) -> int:
    return len(stored(there.dsn, "box", "conversations"))


def test_a_full_read_that_lost_a_fifth_is_not_believed_until_told_to(pretend: MakePretend) -> None:
    there = pretend(box=small_account())
    there.sync("box")
    there.server.change("box", lambda account: remove_talks(account, keep=24))
    account = there.account("box")
    account.csat_responses.clear()  # few answers are no reason to doubt
    with pytest.raises(errors.ReadIncomplete, match="Chatwoot shows only 24 of the 31 known conversations"):
        there.sync("box", mode="reconcile")
    assert live(there) == 31
    there.sync("box")
    assert live(there) == 31
    there.sync("box", mode="reconcile", accept_shrink=True)
    assert differences(there.dsn, "box", account) == {}


def test_a_fifth_less_is_still_believed(pretend: MakePretend) -> None:
    there = pretend(box=small_account())
    there.sync("box")
    there.server.change("box", lambda account: remove_talks(account, keep=25))
    there.sync("box", mode="reconcile")
    assert live(there) == 25


def test_a_token_that_lost_its_role_deletes_nothing(pretend: MakePretend) -> None:
    account = small_account()
    there = pretend(box=account)
    there.sync("box")
    there.server.installation("box").tokens[AGENT_TOKEN] = type(there.server.installation("box").tokens[ADMIN_TOKEN])(
        "user", ANA
    )
    agent = tenant_at(there.server.base_url("box"), token=AGENT_TOKEN)
    for mode in ("auto", "reconcile"):
        with pytest.raises(errors.BadToken, match="administrator"):
            sync_chatwoot(agent, there.dsn, connect=impatient, mode=mode)  # type: ignore[arg-type]
    assert differences(there.dsn, "box", account) == {}
    with pytest.raises(errors.BadToken, match=r"Set chatwoot\.api_token to an administrator's"):
        check_chatwoot(agent)


def test_the_check_says_what_the_token_opens(pretend: MakePretend) -> None:
    there = pretend(box=small_account())
    url = there.server.base_url("box")
    assert check_chatwoot(tenant_at(url)) == "account 1 (Academia Pequena), 31 conversations"
    with pytest.raises(errors.BadToken, match=r"not in account 3 \(accounts it is in: 1\)"):
        check_chatwoot(tenant_at(url, account_id=3))
    with pytest.raises(errors.BadToken, match=r"chatwoot\.api_token"):
        check_chatwoot(tenant_at(url, token="nobody's"))


def test_an_agent_who_leaves_takes_their_events_along_and_that_is_believed(pretend: MakePretend) -> None:
    there = pretend(box=small_account())
    there.sync("box")

    def leave(account: Account) -> None:
        account.now += timedelta(minutes=5)
        del account.users[ANA]
        for talk in account.conversations.values():
            talk.assignee_id = None if talk.assignee_id == ANA else talk.assignee_id
        for answer in account.csat_responses.values():
            answer.assigned_agent_id = None if answer.assigned_agent_id == ANA else answer.assigned_agent_id
        for message in account.messages.values():
            if message.sender_type == "User" and message.sender_id == ANA:
                message.sender_type = message.sender_id = None
        account.reporting_events = {k: e for k, e in account.reporting_events.items() if e.user_id != ANA}

    there.server.change("box", leave)
    there.sync("box", mode="reconcile")
    assert differences(there.dsn, "box", there.account("box")) == {}


def test_nul_characters_are_removed_and_half_a_surrogate_is_rejected(pretend: MakePretend) -> None:
    account = small_account()
    first, second = (account.messages[key] for key in account.messages_of[1001][:2])
    first.content = "oi\x00 tudo bem"
    there = pretend(box=account)
    there.sync("box")
    assert stored(there.dsn, "box", "messages")[(first.id,)]["content"] == "oi tudo bem"
    assert stored(there.dsn, "box", "messages")[(second.id,)]["content"] == second.content
