"""The conversation list: its default status, pages, orders, counts and the undocumented updated_within."""

from __future__ import annotations

from collections import Counter

from sandbox.server.serve import SandboxServer
from sandbox.world.records import Account
from tests.sandbox.account import AGENT_TOKEN, ANA, NOW, WHATSAPP, small_account
from tests.sandbox.conftest import Api


def ids(rows: list[dict[str, object]]) -> list[object]:
    return [row["id"] for row in rows]


def test_only_open_conversations_are_listed_unless_asked(api: Api) -> None:
    assert {c["status"] for c in api.conversations()} == {"open"}
    assert {c["status"] for c in api.conversations(status="all")} == {"open", "resolved", "pending", "snoozed"}
    assert api.get("/conversations", status="all")["data"]["meta"]["all_count"] == 31
    assert api.conversations(status="nonsense") == []


def test_pages_are_of_25_and_end_in_silence(api: Api) -> None:
    pages = [api.conversations(status="all", sort_by="created_at_asc", page=n) for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [25, 6, 0]
    assert sorted(ids(pages[0] + pages[1])) == list(range(1, 32))  # type: ignore[type-var]
    assert ids(api.conversations(status="all", page="x")) == ids(api.conversations(status="all", page=1))


def test_orders(api: Api) -> None:
    by_creation = api.conversations(status="all", sort_by="created_at_asc")
    assert [c["created_at"] for c in by_creation] == sorted(c["created_at"] for c in by_creation)
    default = api.conversations(status="all")
    assert [c["last_activity_at"] for c in default] == sorted((c["last_activity_at"] for c in default), reverse=True)
    assert default == api.conversations(status="all", sort_by="no_such_order")
    priorities = [c["priority"] for c in api.conversations(status="all", sort_by="priority_desc")]
    assert priorities[:5] == ["urgent", "urgent", "low", "low", None]
    waiting = [c["waiting_since"] for c in api.conversations(status="all", sort_by="waiting_since_asc")]
    assert [w for w in waiting if w] == sorted(w for w in waiting if w)
    assert waiting[-1] == 0  # none comes last


def test_equal_keys_have_no_order_of_their_own(server: SandboxServer, api: Api) -> None:
    def tie(account: Account) -> None:
        for conversation in account.conversations.values():
            conversation.created_at = NOW

    server.change("box", tie)
    seen = [tuple(ids(api.conversations(status="all", sort_by="created_at_asc"))) for _ in range(5)]
    assert len(set(seen)) > 1
    first_pages = Counter(
        number for _ in range(20) for number in ids(api.conversations(status="all", sort_by="created_at_asc", page=2))
    )
    assert len(first_pages) > 6  # the second page does not always show the same six


def test_filters_and_counts(api: Api) -> None:
    everything = {c["id"]: c for c in api.conversations(status="all", sort_by="created_at_asc")}
    everything |= {c["id"]: c for c in api.conversations(status="all", sort_by="created_at_asc", page=2)}
    inbox = api.conversations(status="all", inbox_id=WHATSAPP)
    assert set(ids(inbox)) == {n for n, c in everything.items() if c["inbox_id"] == WHATSAPP}
    labelled = api.get("/conversations", status="all", labels=["aula-teste", "nobody"])["data"]
    assert set(ids(labelled["payload"])) == {3, 9, 15, 21, 27}
    assert labelled["meta"]["all_count"] == 5
    assert {c["meta"]["team"]["id"] for c in api.conversations(status="all", team_id=1)} == {1}
    assert api.answer("/conversations", status="all", team_id=99).status_code == 404
    assert api.conversations(status="all", q="custa? 17")[0]["id"] == 17
    assert ids(api.conversations(q="custa? 17")) == [17]  # resolved: a search ignores the default status
    unattended = api.conversations(status="all", conversation_type="unattended")
    assert all(c["waiting_since"] or not c["first_reply_created_at"] for c in unattended)
    assert unattended


def test_assignee_type_narrows_the_rows_but_not_the_counts(server: SandboxServer, api: Api) -> None:
    everything = api.get("/conversations", status="all")["data"]["meta"]
    unassigned = api.get("/conversations", status="all", assignee_type="unassigned")["data"]
    assert unassigned["meta"] == everything == api.get("/conversations/meta", status="all")["meta"]
    assert everything["all_count"] == everything["assigned_count"] + everything["unassigned_count"] == 31
    # a bot's conversation has no assignee_id, and so counts as unassigned
    assert any(c["meta"].get("assignee_type") == "AgentBot" for c in unassigned["payload"])
    assert len(unassigned["payload"]) == everything["unassigned_count"] == 9
    mine = Api(server, token=AGENT_TOKEN).get("/conversations", status="all", assignee_type="me")["data"]
    assert {c["meta"]["assignee"]["id"] for c in mine["payload"]} == {ANA}
    assert mine["meta"]["mine_count"] == len(mine["payload"])


def test_updated_within_has_no_pages_and_counts_from_the_servers_clock(server: SandboxServer, api: Api) -> None:
    assert len(api.conversations(status="all", updated_within=10**9, page=7)) == 31
    assert {c["status"] for c in api.conversations(updated_within=10**9)} == {"open"}  # the other filters still hold
    newest = api.conversations(status="all")[0]
    age = NOW.timestamp() - newest["updated_at"]
    assert ids(api.conversations(status="all", updated_within=int(age) + 1)) == [newest["id"]]
    assert api.conversations(status="all", updated_within=int(age)) == []
    assert api.conversations(status="all", updated_within="soon") == []  # Ruby reads words as 0


def test_updated_within_is_strict(server: SandboxServer, api: Api) -> None:
    def touch(account: Account) -> None:
        account.conversations[1_001].updated_at = account.now.replace(minute=0) - (NOW - NOW.replace(hour=14))

    server.change("box", touch)
    assert 1 not in ids(api.conversations(status="all", updated_within=3_600))
    assert 1 in ids(api.conversations(status="all", updated_within=3_601))


def test_old_versions_know_neither_updated_within_nor_updated_at() -> None:
    with SandboxServer.for_accounts({"box": small_account(version=(3, 5, 0))}) as old:
        rows = Api(old).conversations(status="all", updated_within=1)
        assert len(rows) == 25
        assert "updated_at" not in rows[0]
        assert all("assignee_type" not in row["meta"] for row in rows)


def test_agents_see_the_conversations_of_their_inboxes(server: SandboxServer) -> None:
    rows = Api(server, token=AGENT_TOKEN).get("/conversations", status="all")["data"]
    assert {c["inbox_id"] for c in rows["payload"]} == {1, 3}
    assert rows["meta"]["all_count"] == 20
