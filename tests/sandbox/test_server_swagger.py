"""The server's answers against Chatwoot's OpenAPI description, where that describes them.

Two questions: does the answer break the description's schema, and does it show every property described? The schemas
require nothing and allow everything else, so that the first question alone would be easily answered.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from sandbox.server.serve import SandboxServer
from tests.sandbox.account import small_account
from tests.sandbox.conftest import Api

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("FUNIL_SHARED", REPOSITORY.parent / "shared"))
SWAGGER = SHARED / "reference" / "chatwoot_swagger.json"

ACCOUNT = "/api/v1/accounts/{account_id}"
REPORTS = "/api/v2/accounts/{account_id}"
SPAN = "?since=1772323200&until=1775001600"

# The description's types are loose and in places wrong; the views decide. Each deviation: the end of the place in the
# answer (`*` is a position), the schema's rule that is broken there, and why the answer is right all the same.
USER_COLUMNS = [
    *("access_token", "accounts", "avatar_url", "display_name", "hmac_identifier", "inviter_id", "message_signature"),
    *("pubsub_token", "type", "ui_settings", "uid"),
]
AGENT_COLUMNS = ["account_id", "auto_offline", "confirmed", "custom_role_id", "email", "role"]
PUSH_COLUMNS = [
    *("account_id", "additional_attributes", "conversation", "external_source_ids", "processed_message_content"),
    *("sender_id", "sender_type", "sentiment", "updated_at"),
]
WIDGET_COLUMNS = [
    *("hmac_mandatory", "reply_time", "web_widget_script", "website_token", "website_url", "widget_color"),
]

DEVIATIONS: dict[tuple[str, str], str] = {
    ("snoozed_until", "type"): "an ISO string in the view; described as a number",
    ("status", "enum"): "conversations can be snoozed; described without",
    ("value", "type"): "a number in a report's series; described as a string",
    ("avg_first_response_time", "type"): "a number of seconds or null; described as a string",
    ("avg_resolution_time", "type"): "a number of seconds or null; described as a string",
    ("regex_pattern", "type"): "null where there is none",
    ("regex_cue", "type"): "null where there is none",
    ("default_value", "type"): "null where there is none",
    ("attribute_values", "type"): "an array; described as a string",
    ("attachment", "missing"): "the views write `attachments`, and only where there are some",
    ("meta/contact/payload", "missing"): "the contact itself; described inside a payload",
    ("meta/assignee", "missing"): "left out where nobody is assigned",
    ("accounts/*/custom_role", "missing"): "only for users with a custom role",
    ("accounts/*/custom_role_id", "missing"): "only for users with a custom role",
    ("custom_attributes", "missing"): "only for users who have some",
    ("medium", "missing"): "only for Twilio",
    ("branded_email_layout", "missing"): "only where one is set",
    ("data", "missing"): "the filter's envelope has no `data`; described as the list's",
}
DEVIATIONS |= {(f"meta/assignee/{name}", "missing"): "an agent; described as a whole user" for name in USER_COLUMNS}
DEVIATIONS |= {(f"meta/assignee/{name}", "missing"): "in push shape; described as an agent" for name in AGENT_COLUMNS}
DEVIATIONS |= {(f"payload/*/{name}", "missing"): "the list's shape; described in push shape" for name in PUSH_COLUMNS}
DEVIATIONS |= {(name, "type"): "null for every channel but the widget" for name in WIDGET_COLUMNS}

CASES = [
    ("/api/v1/profile", ""),
    (ACCOUNT + "/conversations", "?status=all"),
    (ACCOUNT + "/conversations", "?status=all&page=2&sort_by=created_at_asc"),
    (ACCOUNT + "/conversations", "?status=all&updated_within=99999999"),
    (ACCOUNT + "/conversations/meta", ""),
    (ACCOUNT + "/conversations/{conversation_id}", "3"),
    (ACCOUNT + "/conversations/{conversation_id}", "7"),
    (ACCOUNT + "/conversations/{conversation_id}/labels", "3"),
    (ACCOUNT + "/conversations/{conversation_id}/reporting_events", "5"),
    (ACCOUNT + "/conversations/{conversation_id}/messages", "5"),
    (ACCOUNT + "/conversations/{conversation_id}/messages", "6"),
    (ACCOUNT + "/contacts", "?sort=created_at"),
    (ACCOUNT + "/contacts/search", "?q=cliente"),
    (ACCOUNT + "/contacts/{id}", "6"),
    (ACCOUNT + "/contacts/{id}/conversations", "3"),
    (ACCOUNT + "/contacts/{id}/labels", "5"),
    (ACCOUNT + "/inboxes", ""),
    (ACCOUNT + "/inboxes/{id}", "2"),
    (ACCOUNT + "/inbox_members/{inbox_id}", "3"),
    (ACCOUNT + "/agents", ""),
    (ACCOUNT + "/teams", ""),
    (ACCOUNT + "/teams/{team_id}", "1"),
    (ACCOUNT + "/teams/{team_id}/team_members", "1"),
    (ACCOUNT + "/labels", ""),
    (ACCOUNT + "/custom_attribute_definitions", "?attribute_model=0"),
    (ACCOUNT + "/reporting_events", ""),
    (REPORTS + "/reports", SPAN + "&type=account&metric=conversations_count"),
    (REPORTS + "/reports/summary", SPAN + "&type=account"),
    (REPORTS + "/reports/conversations", "?type=account"),
    (REPORTS + "/summary_reports/channel", SPAN),
    (REPORTS + "/summary_reports/inbox", SPAN),
    (REPORTS + "/summary_reports/agent", SPAN),
    (REPORTS + "/summary_reports/team", SPAN),
]
FILTERS = [ACCOUNT + "/conversations/filter", ACCOUNT + "/contacts/filter"]


@pytest.fixture(scope="module")
def swagger() -> dict[str, Any]:
    if not SWAGGER.exists():
        pytest.skip(f"{SWAGGER} is not there; FUNIL_SHARED names the folder that holds reference/")
    found: dict[str, Any] = json.loads(SWAGGER.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with SandboxServer.for_accounts({"box": small_account()}) as server:
        yield Api(server)


@pytest.mark.parametrize(("path", "end"), CASES)
def test_answers_are_as_described(swagger: dict[str, Any], api: Api, path: str, end: str) -> None:
    assert_as_described(swagger, "get", path, answer_of(api, path, end))


@pytest.mark.parametrize("path", FILTERS)
def test_filters_are_as_described(swagger: dict[str, Any], api: Api, path: str) -> None:
    answer = api.raw(path.replace("{account_id}", "1"), "POST", json={"payload": []}).json()
    assert_as_described(swagger, "post", path, answer)


def test_every_listed_deviation_still_is_one(swagger: dict[str, Any], api: Api) -> None:
    met = {key for path, end in CASES for key, _ in found_deviations(swagger, "get", path, answer_of(api, path, end))}
    for path in FILTERS:
        answer = api.raw(path.replace("{account_id}", "1"), "POST", json={"payload": []}).json()
        met |= {key for key, _ in found_deviations(swagger, "post", path, answer)}
    assert sorted(DEVIATIONS.keys() - met) == []


def assert_as_described(swagger: dict[str, Any], method: str, path: str, answer: Any) -> None:
    unknown = [text for key, text in found_deviations(swagger, method, path, answer) if key is None]
    assert not unknown, "\n".join(unknown[:30])


def answer_of(api: Api, path: str, end: str) -> Any:
    url = path.replace("{account_id}", "1")
    if "{" in url:
        url = url[: url.index("{")] + end + url[url.index("}") + 1 :]
    else:
        url += end
    answer = api.raw(url)
    assert answer.status_code == 200, answer.text
    return answer.json()


def found_deviations(
    swagger: dict[str, Any], method: str, path: str, answer: Any
) -> Iterator[tuple[tuple[str, str] | None, str]]:
    """Every place where answer and description part, with the listed deviation it falls under, if any."""
    schema = swagger["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    whole = {**schema, "components": swagger["components"]}
    for error in Draft202012Validator(whole).iter_errors(answer):
        for leaf in leaves(error):
            where = "/".join("*" if isinstance(step, int) else str(step) for step in leaf.absolute_path)
            rule = str(leaf.validator)
            yield listed(where, rule), f"{where}: {rule}: {leaf.message[:120]}"
    for where in sorted(set(missing_properties(whole, schema, [answer], ""))):
        yield listed(where, "missing"), f"{where}: missing"


def listed(where: str, rule: str) -> tuple[str, str] | None:
    return next((key for key in DEVIATIONS if key[1] == rule and f"/{where}".endswith(f"/{key[0]}")), None)


def leaves(error: ValidationError) -> Iterator[ValidationError]:
    """The violations at the bottom: oneOf says no more than that something below it is wrong."""
    if error.context and error.validator in ("oneOf", "anyOf"):
        branches: dict[int, list[ValidationError]] = {}
        for below in error.context:
            branches.setdefault(int(below.schema_path[0]), []).append(below)
        for below in min(branches.values(), key=len):
            yield from leaves(below)
    else:
        yield error


def missing_properties(root: dict[str, Any], schema: dict[str, Any], shown: list[Any], where: str) -> Iterator[str]:
    """Described properties that none of the shown values has; `shown` are all values at this place."""
    if "$ref" in schema:
        described = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            described = described[step]
        yield from missing_properties(root, described, shown, where)
    for part in schema.get("allOf", []):
        yield from missing_properties(root, part, shown, where)
    if "items" in schema:
        values = [value for listed_values in shown if isinstance(listed_values, list) for value in listed_values]
        if values:
            yield from missing_properties(root, schema["items"], values, f"{where}*/")
    objects = [value for value in shown if isinstance(value, dict)]
    for name, described in schema.get("properties", {}).items() if objects else ():
        values = [value[name] for value in objects if name in value]
        if not values:
            yield where + name
        yield from missing_properties(root, described, values, f"{where}{name}/")
