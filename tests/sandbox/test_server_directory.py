"""Profile, agents, teams, inboxes, labels, definitions and contacts."""

from __future__ import annotations

import pytest

from sandbox.server.serve import SandboxServer
from sandbox.world.records import Account
from tests.sandbox.account import AGENT_TOKEN, BRUNO, EMAIL, WEB, WHATSAPP, small_account
from tests.sandbox.conftest import Api


def test_profile(api: Api) -> None:
    profile = api.raw("/api/v1/profile").json()
    assert profile["email"] == "rita@example.com"
    assert [(a["id"], a["role"], a["api_and_webhooks"]) for a in profile["accounts"]] == [(1, "administrator", True)]


def test_administrators_are_shown_secrets(server: SandboxServer, api: Api) -> None:
    inboxes = {inbox["id"]: inbox for inbox in api.get("/inboxes")["payload"]}
    assert inboxes[WHATSAPP]["provider_config"] == {"api_key": "whatsapp-secret"}
    assert inboxes[WEB]["hmac_token"] == "web-secret"
    assert inboxes[EMAIL]["imap_password"]
    assert inboxes[EMAIL]["smtp_password"]
    seen_by_agent = {inbox["id"]: inbox for inbox in Api(server, token=AGENT_TOKEN).get("/inboxes")["payload"]}
    assert set(seen_by_agent) == {WHATSAPP, EMAIL}
    secrets = {"provider_config", "hmac_token", "imap_password", "smtp_password"}
    assert not any(secrets & inbox.keys() for inbox in seen_by_agent.values())


def test_working_hours_begin_on_sunday(api: Api) -> None:
    inbox = next(inbox for inbox in api.get("/inboxes")["payload"] if inbox["id"] == WHATSAPP)
    assert (inbox["timezone"], inbox["working_hours_enabled"]) == ("America/Sao_Paulo", True)
    sunday, monday = inbox["working_hours"][:2]
    assert (sunday["day_of_week"], sunday["closed_all_day"], sunday["open_hour"]) == (0, True, None)
    assert (monday["day_of_week"], monday["open_hour"], monday["close_hour"]) == (1, 8, 18)
    assert "created_at" not in inbox


def test_only_current_agents_are_listed(server: SandboxServer, api: Api) -> None:
    assert [agent["id"] for agent in api.get("/agents")] == [1, 2, 3]

    def leave(account: Account) -> None:
        del account.users[BRUNO]

    server.change("box", leave)
    assert [agent["id"] for agent in api.get("/agents")] == [1, 2]
    # what they wrote stays, without a sender
    reply = next(m for m in api.get("/conversations/7/messages")["payload"] if m["message_type"] == 1)
    assert "sender" not in reply


def test_teams_labels_and_members(api: Api) -> None:
    assert [(team["name"], team["is_member"]) for team in api.get("/teams")] == [("vendas", False), ("suporte", False)]
    assert [agent["id"] for agent in api.get("/teams/2/team_members")] == [3]
    assert [agent["id"] for agent in api.get(f"/inbox_members/{EMAIL}")["payload"]] == [2, 3]
    assert [label["title"] for label in api.get("/labels")["payload"]] == ["aula-teste", "vip"]
    assert api.get("/conversations/3/labels") == {"payload": ["vip", "aula-teste"]}


def test_custom_attribute_definitions(api: Api) -> None:
    of_conversations = api.get("/custom_attribute_definitions", attribute_model=0)
    assert {d["attribute_key"]: d["attribute_display_type"] for d in of_conversations} == {
        "origem": "text",
        "valor": "number",
        "visita": "date",
    }
    assert [d["attribute_key"] for d in api.get("/custom_attribute_definitions", attribute_model=1)] == ["plano"]


def test_contacts_without_a_way_to_reach_them_are_not_listed(api: Api) -> None:
    first = api.get("/contacts", sort="created_at")
    assert (first["meta"]["count"], first["meta"]["current_page"], len(first["payload"])) == (31, 1, 15)
    rows = [c for page in (1, 2, 3) for c in api.get("/contacts", sort="created_at", page=page)["payload"]]
    assert {c["id"] for c in rows} == {*range(1, 31), 32}
    assert api.get("/contacts", sort="created_at", page=4)["payload"] == []
    assert api.get("/contacts/31")["payload"]["name"] == "frosty-night-31"
    assert api.get("/contacts/search", q="frosty")["payload"][0]["id"] == 31
    assert api.get("/conversations/31")["meta"]["sender"]["id"] == 31


def test_contacts_have_no_order_unless_asked(api: Api) -> None:
    orders = {tuple(c["id"] for c in api.get("/contacts")["payload"]) for _ in range(4)}
    assert len(orders) > 1
    newest = [c["id"] for c in api.get("/contacts", sort="-created_at")["payload"]]
    assert newest[0] == 31 - 1
    by_activity = [c.get("last_activity_at") for c in api.get("/contacts", sort="last_activity_at", page=3)["payload"]]
    assert by_activity == [None]  # without activity: last, and without the key


def test_the_page_comes_back_as_it_was_sent(api: Api) -> None:
    assert api.get("/contacts", sort="name", page=2)["meta"]["current_page"] == "2"
    assert api.get("/applied_slas", page=1)["meta"]["current_page"] == "1"
    assert api.get("/reporting_events", page=2)["meta"]["current_page"] == 2


def test_a_contact_shows_neither_updated_at_nor_labels(api: Api) -> None:
    contact = api.get("/contacts", sort="created_at")["payload"][0]
    assert not {"updated_at", "labels", "contact_type"} & contact.keys()
    assert contact["contact_inboxes"][0]["inbox"]["channel_type"]
    bare = api.get("/contacts", sort="created_at", include_contact_inboxes="false")["payload"][0]
    assert "contact_inboxes" not in bare


def test_the_count_of_a_search(api: Api) -> None:
    found = api.get("/contacts/search", q="cliente")["meta"]
    assert (found["count"], found["has_more"]) == (15, True)
    with SandboxServer.for_accounts({"box": small_account(version=(4, 10, 0))}) as older:
        assert Api(older).get("/contacts/search", q="cliente")["meta"]["count"] == 30
    missing = api.answer("/contacts/search")
    assert (missing.status_code, missing.json()) == (422, {"error": "Specify search string with parameter q"})


@pytest.mark.parametrize("path", ["/contacts/99", "/contacts/x", "/teams/9/team_members", "/inbox_members/9"])
def test_what_does_not_exist(api: Api, path: str) -> None:
    answer = api.answer(path)
    assert (answer.status_code, answer.json()) == (404, {"error": "Resource could not be found"})
