"""The filter endpoint: its grammar, its days, its own envelope and its errors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.server.serve import SandboxServer
from tests.sandbox.account import AGENT_TOKEN, ANA, small_account
from tests.sandbox.conftest import Api


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """Nothing here changes the account."""
    with SandboxServer.for_accounts({"box": small_account()}, agent_tokens={AGENT_TOKEN: ANA}) as running:
        yield running


@pytest.fixture(scope="module")
def api(server: SandboxServer) -> Api:
    return Api(server)


def when(key: str, operator: str, *values: Any, then: str | None = None, **more: Any) -> dict[str, Any]:
    return {"attribute_key": key, "filter_operator": operator, "values": list(values), "query_operator": then, **more}


def found(api: Api, *conditions: dict[str, Any]) -> set[int]:
    numbers: set[int] = set()
    for page in (1, 2):
        answer = api.filter(*conditions, page=page)
        assert answer.status_code == 200, answer.text
        numbers |= {row["id"] for row in answer.json()["payload"]}
    return numbers


def day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def test_there_is_no_default_status_and_the_envelope_is_its_own(api: Api) -> None:
    answer = api.filter().json()
    assert set(answer) == {"meta", "payload"}
    assert answer["meta"] == {"mine_count": 0, "unassigned_count": 9, "all_count": 31}
    assert len(answer["payload"]) == 25
    activity = [c["last_activity_at"] for c in answer["payload"]]
    assert activity == sorted(activity, reverse=True)


def test_days_are_utc_days_and_exclusive(api: Api) -> None:
    rows = {c["id"]: c for page in (1, 2) for c in api.conversations(status="all", sort_by="created_at_asc", page=page)}
    of_the_fifth = {n for n, c in rows.items() if day(c["created_at"]) == "2026-03-05"}
    later = {n for n, c in rows.items() if day(c["created_at"]) > "2026-03-05"}
    assert of_the_fifth
    assert found(api, when("created_at", "is_greater_than", "2026-03-05")) == later
    both = found(
        api,
        when("created_at", "is_greater_than", "2026-03-04", then="AND"),
        when("created_at", "is_less_than", "2026-03-06"),
    )
    assert both == of_the_fifth
    assert found(api, when("created_at", "is_greater_than", "2026-03-05T23:59:59Z")) == later  # cut to its date
    assert found(api, when("created_at", "days_before", 11)) == found(
        api, when("created_at", "is_less_than", "2026-03-05")
    )


def test_and_binds_before_or(api: Api) -> None:
    numbers = found(
        api,
        when("display_id", "equal_to", 1, then="OR"),
        when("display_id", "equal_to", 2, 3, then="and"),
        when("status", "equal_to", "pending"),
    )
    assert numbers == {1, 2}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (when("status", "equal_to", "snoozed"), {3, 7, 11, 15, 19, 23, 27}),
        (when("priority", "equal_to", "urgent"), {7, 21}),
        (when("labels", "equal_to", "aula-teste"), {3, 9, 15, 21, 27}),
        (when("display_id", "contains", "30"), {30}),
        (when("contact_id", "equal_to", 5), {5}),
        (when("referer", "contains", "/P/31"), {31}),
        (when("browser_language", "not_equal_to", "pt"), set()),
        (when("origem", "equal_to", "INSTAGRAM"), {7, 14, 21, 28}),
        (when("valor", "is_greater_than", 14), {21, 28}),
        (when("visita", "is_less_than", "2026-03-14"), {7}),
        (when("plano", "equal_to", "gold", custom_attribute_type="contact_attribute"), set(range(1, 31, 2))),
        (when("priority", "not_equal_to", "low"), {7, 21}),  # NULL is not unequal
        (when("campaign_id", "is_present"), set()),
    ],
)  # fmt: skip
def test_attributes(api: Api, condition: dict[str, Any], expected: set[int]) -> None:
    assert found(api, condition) == expected


def test_all_statuses_and_missing_assignees(api: Api) -> None:
    assert len(found(api, when("status", "equal_to", "all"))) == 31
    nobody = found(api, when("assignee_id", "is_not_present"))
    assert len(nobody) == 9
    assert not nobody & found(api, when("assignee_id", "not_equal_to", ANA))
    assert len(found(api, when("valor", "not_equal_to", 7))) == 30  # but a missing custom attribute is unequal


INVALID_KEY = "Invalid attribute key - [updated_at]. The key should be one of [status,assignee_id,inbox_id,"
INVALID_OPERATOR = (
    "Invalid operator. The allowed operators for created_at are [is_greater_than,is_less_than,days_before]."
)
INVALID_VALUE = "Invalid value. The values provided for created_at are invalid"


@pytest.mark.parametrize(
    ("condition", "error"),
    [
        (when("updated_at", "is_greater_than", "2026-03-01"), INVALID_KEY),
        (when("created_at", "equal_to", "2026-03-01"), INVALID_OPERATOR),
        (when("created_at", "is_greater_than", "1772323200"), INVALID_VALUE),
        (when("created_at", "is_greater_than", 1772323200), INVALID_VALUE),
        (when("status", "equal_to", "open", then="XOR"), 'Query operator must be either "AND" or "OR".'),
    ],
)
def test_what_is_refused(api: Api, condition: dict[str, Any], error: str) -> None:
    answer = api.filter(condition)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(error)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"payload": [when("status", "equal_to", "open", then="AND")]},
        {"payload": [when("status", "equal_to", "open"), when("status", "equal_to", "open")]},
        {"payload": [when("inbox_id", "equal_to", "first")]},
        {"payload": [{"attribute_key": "status", "filter_operator": "equal_to"}]},
    ],
)
def test_what_breaks_it(api: Api, body: dict[str, Any]) -> None:
    answer = api.raw("/api/v1/accounts/1/conversations/filter", "POST", json=body)
    assert (answer.status_code, answer.json()) == (500, {"status": 500, "error": "Internal Server Error"})


def test_contact_ids_can_be_filtered_since_4_15() -> None:
    with SandboxServer.for_accounts({"box": small_account(version=(4, 14, 0))}) as older:
        assert Api(older).filter(when("contact_id", "equal_to", 5)).status_code == 422


def test_agents_filter_within_their_inboxes(server: SandboxServer) -> None:
    assert Api(server, token=AGENT_TOKEN).filter().json()["meta"]["all_count"] == 20


def test_contacts(api: Api) -> None:
    answer = api.filter(when("city", "equal_to", "SANTOS", "Campinas"), subject="contacts").json()
    assert answer["meta"]["count"] == 15  # one value is compared, in any case
    assert len(answer["payload"]) == 15
    assert (
        api.filter(when("phone_number", "equal_to", "5511900000007"), subject="contacts").json()["payload"][0]["id"]
        == 7
    )
    assert api.filter(when("blocked", "equal_to", True), subject="contacts").json()["meta"]["count"] == 1
    assert api.filter(when("name", "contains", "frosty"), subject="contacts").json()["meta"]["count"] == 0
