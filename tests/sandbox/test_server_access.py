"""Tokens, roles, accounts, the clock, and the errors' exact words."""

from __future__ import annotations

import pytest

from sandbox.server.serve import SandboxServer
from sandbox.world.records import Account
from tests.sandbox.account import ADMIN_TOKEN, AGENT_TOKEN, BOT_TOKEN
from tests.sandbox.conftest import Api

CONVERSATIONS = "/api/v1/accounts/1/conversations"


def refusal(api: Api, path: str = CONVERSATIONS) -> tuple[int, object]:
    answer = api.raw(path)
    return answer.status_code, answer.json()


def test_tokens(server: SandboxServer) -> None:
    nobody = Api(server, token=None)
    assert refusal(nobody) == (401, {"errors": ["You need to sign in or sign up before continuing."]})
    assert refusal(Api(server, token="stale")) == (401, {"error": "Invalid Access Token"})
    assert nobody.raw(CONVERSATIONS, headers={"Api-Access-Token": ADMIN_TOKEN}).status_code == 200
    bearer = nobody.raw(CONVERSATIONS, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})
    assert bearer.status_code == 401


def test_accounts(server: SandboxServer, api: Api) -> None:
    assert refusal(api, "/api/v1/accounts/7/conversations") == (404, {"error": "Resource could not be found"})
    outside = {"error": "You are not authorized to access this account"}
    assert refusal(api, "/api/v1/accounts/2/conversations") == (401, outside)
    server.installation("box").suspended = True
    assert refusal(api) == (401, {"error": "Account is suspended"})
    server.installation("box").suspended = False
    server.installation("box").api_switched_off = True
    assert refusal(api) == (403, {"error": "API access is not enabled for this account"})
    assert api.raw("/api/v1/profile").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/accounts/1/csat_survey_responses",
        "/api/v1/accounts/1/reporting_events",
        "/api/v1/accounts/1/applied_slas",
        "/api/v2/accounts/1/reports/summary?type=account&since=0&until=1",
    ],
)
def test_a_wrong_role_is_401(server: SandboxServer, path: str) -> None:
    agent = Api(server, token=AGENT_TOKEN)
    assert refusal(agent, path) == (401, {"error": "You are not authorized to do this action"})


def test_bots_may_see_one_conversation_and_little_else(server: SandboxServer) -> None:
    bot = Api(server, token=BOT_TOKEN)
    assert bot.get("/conversations/4")["id"] == 4
    assert refusal(bot) == (401, {"error": "Access to this endpoint is not authorized for bots"})


def test_an_agent_who_left_is_not_in_the_account(server: SandboxServer) -> None:
    def leave(account: Account) -> None:
        del account.users[2]

    server.change("box", leave)
    assert refusal(Api(server, token=AGENT_TOKEN))[0] == 401


def test_the_date_is_the_installations_own(api: Api) -> None:
    answers = [api.raw(CONVERSATIONS), api.raw("/api/v1/profile"), api.raw("/nowhere")]
    for answer in answers:
        assert answer.headers["Date"] == "Mon, 16 Mar 2026 15:00:00 GMT"
        assert "Server" not in answer.headers
    assert answers[0].headers["Content-Type"] == "application/json; charset=utf-8"


def test_unknown_routes_are_404_in_what_was_accepted(api: Api) -> None:
    page = api.raw("/api/v1/accounts/1/no_such_thing")
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    asked = api.raw("/api/v1/accounts/1/no_such_thing", headers={"Accept": "application/json"})
    assert (asked.status_code, asked.json()) == (404, {"status": 404, "error": "Not Found"})


def test_the_version_is_public(server: SandboxServer) -> None:
    assert Api(server, token=None).raw("/api").json()["version"] == "4.16.2"


def test_a_bad_epoch_is_a_500(api: Api) -> None:
    for path in ("/csat_survey_responses", "/reporting_events", "/applied_slas"):
        broken = api.answer(path, since="2026-03-01", until="2026-03-02")
        assert (broken.status_code, broken.json()) == (500, {"status": 500, "error": "Internal Server Error"})
        assert api.answer(path, since="2026-03-01").status_code == 200  # one alone is no range


def test_requests_are_counted_by_endpoint(server: SandboxServer, api: Api) -> None:
    for number in (1, 2):
        api.get(f"/conversations/{number}/messages", after=0)
    api.conversations()
    traffic = server.installation("box").traffic
    assert traffic.requests == {"messages.list": 2, "conversations.list": 1}
    assert traffic.statuses == {200: 3}
    assert traffic.recent[0] == "GET /api/v1/accounts/1/conversations/1/messages?after=0"
    traffic.reset()
    assert traffic.total == 0
