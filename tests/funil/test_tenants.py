"""tenants.yaml: what is wrong is one sentence that names file, tenant and key, and never stops the others."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from funil.errors import FunilError
from funil.opening_hours import Shift, parse_business_hours
from funil.service_levels import SlaSettings, parse_duration
from funil.settings import PROJECT_ROOT
from funil.staffing import Staff
from funil.tenants import TenantsFile, load_tenants

GOOD: dict[str, Any] = {
    "slug": "boxcentral",
    "name": "Box Central",
    "vertical": "gym",
    "chatwoot": {"base_url": "https://chat.example.com/", "account_id": 1, "api_token": "${BOX_TOKEN}"},
}
REPLYING = {"name": "Ana", "cost_per_hour": 20}


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOX_TOKEN", "canary-token")
    monkeypatch.setenv("BOXCENTRAL_CHATWOOT_TOKEN", "canary-token")
    monkeypatch.setenv("BOXCENTRAL_BOT_DB", "postgresql://reader:canary@bot.example.com/bot")


def load(tmp_path: Path, *tenants: Any) -> TenantsFile:
    path = tmp_path / "tenants.yaml"
    path.write_text(yaml.safe_dump({"tenants": list(tenants)}))
    return load_tenants(path)


def test_the_example_file_is_valid() -> None:
    file = load_tenants(PROJECT_ROOT / "tenants.example.yaml")
    assert file.errors == {}
    (tenant,) = file.tenants
    assert tenant.sla.next_response == timedelta(minutes=15)
    assert tenant.closed_days == (date(2026, 12, 24),)
    assert tenant.bot is not None
    assert tenant.bot.schema_name == "public"
    assert tenant.shifts[0] == Shift(1, time(8), time(18))


def test_a_variable_is_read_from_the_environment_and_never_printed(tmp_path: Path) -> None:
    file = load(tmp_path, GOOD)
    (tenant,) = file.tenants
    assert tenant.chatwoot is not None
    assert tenant.chatwoot.api_token is not None
    assert tenant.chatwoot.api_token.get_secret_value() == "canary-token"
    assert tenant.chatwoot.base_url == "https://chat.example.com"
    assert "canary" not in repr(file)


@pytest.mark.parametrize(
    ("change", "key", "saying"),
    [
        ({"colour": "red"}, "colour", "unknown"),
        ({"timezone": "Brazil/Nowhere"}, "timezone", "America/Sao_Paulo"),
        ({"slug": "Box"}, "slug", "lower-case"),
        ({"currency": "real"}, "currency", "pattern"),
        ({"sla": {"first_response": "soon"}}, "sla.first_response", "5m"),
        ({"sla": {"overrides": [{"first_response": "1m"}]}}, "sla.overrides.0", "at least one"),
        ({"sla": {"overrides": [{"inbox": 1}]}}, "sla.overrides.0", "threshold"),
        ({"sla": {"overrides": [{"inbox": 1, "resolution": "1d"}] * 2}}, "sla", "same inbox and priority"),
        ({"business_hours": {"mon-fry": "08:00-18:00"}}, "business_hours", "mon-fri"),
        ({"business_hours": {"mon": "08:00-12:00, 11:00-18:00"}}, "business_hours", "overlap"),
        (
            {"chatwoot": {**GOOD["chatwoot"], "api_token": "canary\n"}},
            "chatwoot",
            "api_token holds a space, a line's end",
        ),
        (
            {"chatwoot": {**GOOD["chatwoot"], "api_token": "${NOT_SET_ANYWHERE}"}},
            "chatwoot.api_token",
            "NOT_SET_ANYWHERE",
        ),
        ({"chatwoot": {"base_url": "https://x", "account_id": 1}}, "chatwoot", "api_token"),
        ({"chatwoot": None}, "", "neither chatwoot nor bot"),
        ({"staffing": {"people": [REPLYING]}}, "staffing.within", "sla.first_response"),
        ({"staffing": {"within": "5m", "people": []}}, "staffing.people", "at least 1"),
        ({"staffing": {"within": "5m", "people": [{"name": "Ana"}]}}, "staffing.people.0.cost_per_hour", "missing"),
        ({"staffing": {"within": "5m", "people": [REPLYING] * 2}}, "staffing", "same name"),
        ({"staffing": {"within": "5m", "people": [{**REPLYING, "skills": ["x"]}]}}, "staffing", "nobody asks"),
        ({"staffing": {"within": "5m", "people": [REPLYING], "skills": {"a": 60}}}, "staffing.skills", "together"),
        ({"staffing": {"within": "5m", "people": [REPLYING], "target_percent": 100}}, "target_percent", "less than"),
        ({"staffing": {"within": "5m", "people": [REPLYING], "shift_hours": [25]}}, "shift_hours", "1 to 24"),
        ({"bot": {"database_url": "mysql://canary@x/y"}}, "bot.database_url", "postgresql://"),
    ],
)
def test_a_broken_tenant_is_one_sentence_and_the_others_go_on(
    tmp_path: Path, change: dict[str, Any], key: str, saying: str
) -> None:
    other = {**GOOD, "slug": "other"}
    file = load(tmp_path, {**GOOD, **change}, other)
    assert [tenant.slug for tenant in file.tenants] == ["other"]
    (sentence,) = file.errors.values()
    assert str(tmp_path / "tenants.yaml") in sentence
    assert key in sentence
    assert saying in sentence
    assert "canary" not in sentence
    assert "\n" not in sentence


def test_people_alike_are_told_apart_and_work_whole_hours_of_theirs() -> None:
    late = Staff.model_validate(
        {"name": "Late", "count": 2, "cost_per_hour": 0, "hours": {"fri": "20:30-02:00", "sat": "23:00-24:00"}}
    )
    assert late.names == ["Late 1", "Late 2"]
    friday = datetime(2026, 11, 20, tzinfo=UTC)
    able = [hour for hour in range(72) if late.can_work(friday + timedelta(hours=hour))]
    assert able == [21, 22, 23, 24, 25, 47], "the half hour at 20:30 is not a whole one"


def test_two_equal_slugs_are_both_refused(tmp_path: Path) -> None:
    file = load(tmp_path, GOOD, GOOD, {**GOOD, "slug": "other"})
    assert [tenant.slug for tenant in file.tenants] == ["other"]
    assert "two tenants have the slug 'boxcentral'" in file.errors["boxcentral"]


@pytest.mark.parametrize("text", ["", "tenants: 3", "- a", "tenants: [", "tenants: []\nother: 1"])
def test_an_unreadable_file_says_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tenants.yaml"
    path.write_text(text)
    with pytest.raises(FunilError, match=r"tenants\.yaml"):
        load_tenants(path)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FunilError, match=r"tenants\.example\.yaml"):
        load_tenants(tmp_path / "tenants.yaml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("2d", 172800), ("0.5h", 1800)],
)
def test_durations_are_read(text: str, expected: int) -> None:
    assert parse_duration(text) == timedelta(seconds=expected)


@pytest.mark.parametrize("text", ["5", "5 minutes", "-5m", "0m", "m", 5])
def test_what_is_no_duration_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match=r"duration|longer"):
        parse_duration(text)


def test_an_override_keeps_what_it_does_not_say() -> None:
    given = {
        "first_response": "5m",
        "business_hours_only": True,
        "overrides": [
            {"priority": "urgent", "first_response": "1m", "business_hours_only": False},
            {"inbox": 3, "resolution": "2d"},
        ],
    }
    assert sorted(SlaSettings.model_validate(given).policies, key=str) == [
        ("first_response", None, "urgent", 60, False),
        ("first_response", None, None, 300, True),
        ("resolution", 3, None, 172_800, True),
    ]


def test_a_shift_past_midnight_is_two() -> None:
    assert parse_business_hours({"sat": "22:00-02:00"}) == [
        Shift(0, time(0), time(2), began_day_before=True),
        Shift(6, time(22), None),
    ]


def test_a_range_of_days_may_wrap_around_the_week() -> None:
    assert [shift.day_of_week for shift in parse_business_hours({"sat-mon": "08:00-24:00"})] == [0, 1, 6]
