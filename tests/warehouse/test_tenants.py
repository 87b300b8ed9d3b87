"""The config tables say what tenants.yaml says, and a row's sync id moves only when the row does."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg

from funil.tenants import Tenant
from warehouse.locks import tenant_lock
from warehouse.tenants import store_tenants

TODAY = date(2026, 11, 20)
GYM: dict[str, Any] = {
    "slug": "gym",
    "name": "Box Central",
    "vertical": "gym",
    "subdivision": "SP",
    "chatwoot": {"base_url": "https://chat.example.com", "account_id": 1, "api_token": "a-secret-token"},
    "bot": {"database_url": "postgresql://bot:a-secret-password@db/bot"},
    "sla": {"first_response": "5m", "resolution": "1d", "business_hours_only": True},
    "business_hours": {"mon-fri": "08:00-18:00", "sat": "20:00-02:00"},
    "closed_days": [date(2026, 12, 23)],
    "open_days": [date(2026, 11, 20)],
    "owner_cost_per_month": "99.9",
}


def tenant(**changes: Any) -> Tenant:
    return Tenant.model_validate(GYM | changes)


def rows(dsn: str, statement: str) -> list[Any]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(statement.encode()).fetchall()


def test_settings_are_stored_without_secrets(each_server: str) -> None:
    assert store_tenants(each_server, [tenant()], today=TODAY).changed == ["gym"]
    found = rows(
        each_server,
        "select name, timezone, subdivision, owner_cost_per_month::text, has_chatwoot, has_bot, analyzer_engine, "
        "is_active, _sync_id from config.tenants",
    )
    assert found == [("Box Central", "America/Sao_Paulo", "SP", "99.90", True, True, "regex", True, 1)]
    policies = rows(
        each_server, "select metric, threshold_seconds, business_hours_only from config.sla_policies order by 1"
    )
    assert policies == [("first_response", 300, True), ("resolution", 86400, True)]
    hours = rows(
        each_server,
        "select day_of_week, opens_at::text, closes_at::text, began_day_before from config.business_hours order by 1, 2",
    )
    assert hours[0] == (0, "00:00:00", "02:00:00", True)
    assert hours[-1] == (6, "20:00:00", "24:00:00", False)
    assert len(hours) == 7
    for table in ("tenants", "sla_policies", "business_hours", "closed_days"):
        assert "a-secret" not in str(rows(each_server, f"select t::text from config.{table} as t"))


def test_holidays_are_the_countrys_the_states_and_the_optional_ones(warehouse: str) -> None:
    store_tenants(warehouse, [tenant(), tenant(slug="office", holidays="public")], today=TODAY)
    days: dict[str, dict[date, str]] = {"gym": {}, "office": {}}
    for slug, day, reason in rows(warehouse, "select tenant_id, closed_on, reason from config.closed_days"):
        days[slug][day] = reason
    assert days["gym"][date(2026, 2, 17)] == "Carnaval"
    assert date(2026, 2, 17) not in days["office"]
    assert date(2026, 7, 9) in days["office"]  # São Paulo's own
    assert days["gym"][date(2026, 12, 23)] == "closed_days in tenants.yaml"
    assert date(2026, 11, 20) not in days["gym"]
    assert {day.year for day in days["gym"]} == set(range(2015, 2029))


def test_what_did_not_change_keeps_its_sync_id(each_server: str) -> None:
    store_tenants(each_server, [tenant(), tenant(slug="clinic")], today=TODAY)
    assert store_tenants(each_server, [tenant(), tenant(slug="clinic")], today=TODAY).changed == []
    changed = tenant(sla={"first_response": "10m", "resolution": "1d", "business_hours_only": True})
    assert store_tenants(each_server, [changed, tenant(slug="clinic")], today=TODAY).changed == ["gym"]
    found = rows(
        each_server, "select tenant_id, metric, _sync_id from config.sla_policies where valid_to is null order by 1, 2"
    )
    assert found == [
        ("clinic", "first_response", 1),
        ("clinic", "resolution", 1),
        ("gym", "first_response", 2),
        ("gym", "resolution", 1),
    ]
    assert rows(each_server, "select distinct _sync_id from config.closed_days") == [(1,)]


def test_a_setting_that_is_gone_shows_as_a_change_of_its_tenant(warehouse: str) -> None:
    store_tenants(warehouse, [tenant()], today=TODAY)
    store_tenants(warehouse, [tenant(sla={}, business_hours={})], today=TODAY)
    assert rows(warehouse, "select count(*) from config.sla_policies where valid_to is null") == [(0,)]
    assert rows(warehouse, "select count(*) from config.business_hours") == [(0,)]
    assert rows(warehouse, "select _sync_id from config.tenants") == [(2,)]


def test_what_was_changed_is_in_the_audit_log_by_name_and_never_by_value(warehouse: str) -> None:
    moved = {"chatwoot": GYM["chatwoot"] | {"api_token": "another-secret"}}
    store_tenants(warehouse, [tenant()], today=TODAY)
    store_tenants(warehouse, [tenant(**moved)], today=TODAY)
    store_tenants(warehouse, [tenant(**moved, sla={}, name="Box", owner_cost_per_month="100")], today=TODAY)
    store_tenants(warehouse, [], today=TODAY)
    entries = rows(warehouse, "select action, subject, tenant_id, details from ops.audit_log order by number")
    assert entries == [
        ("settings", "gym", "gym", {"is_new": True, "changed": []}),
        ("settings", "gym", "gym", {"is_new": False, "changed": ["name", "owner_cost_per_month", "sla_policies"]}),
        ("settings", "gym", "gym", {"is_new": False, "changed": ["is_active"]}),
    ]
    assert rows(warehouse, "select * from ops.audit_breaks") == []


def test_a_tenant_gone_from_the_file_is_inactive_and_keeps_its_rows(warehouse: str) -> None:
    store_tenants(warehouse, [tenant(), tenant(slug="clinic"), tenant(slug="shop")], today=TODAY)
    result = store_tenants(warehouse, [tenant()], broken=["shop"], today=TODAY)
    assert result.changed == ["clinic"]
    active = rows(warehouse, "select tenant_id, is_active from config.tenants order by 1")
    assert active == [("clinic", False), ("gym", True), ("shop", True)]
    assert rows(warehouse, "select count(*) > 0 from config.closed_days where tenant_id = 'clinic'") == [(True,)]
    assert store_tenants(warehouse, [tenant()], broken=["shop"], today=TODAY).changed == []
    assert store_tenants(warehouse, [tenant(), tenant(slug="clinic")], broken=["shop"], today=TODAY).changed == [
        "clinic"
    ]


def test_a_tenant_being_synced_is_left_for_later_when_asked_not_to_wait(warehouse: str) -> None:
    with psycopg.connect(warehouse, autocommit=True) as connection, tenant_lock(connection, "gym"):
        result = store_tenants(warehouse, [tenant(), tenant(slug="clinic")], wait=False, today=TODAY)
        assert (result.changed, result.busy) == (["clinic"], ["gym"])
    assert store_tenants(warehouse, [tenant(), tenant(slug="clinic")], wait=False, today=TODAY).changed == ["gym"]


def test_a_place_without_a_calendar_is_one_tenants_error(warehouse: str) -> None:
    result = store_tenants(warehouse, [tenant(subdivision="XX"), tenant(slug="clinic")], today=TODAY)
    assert result.changed == ["clinic"]
    assert "subdivision XX" in result.errors["gym"]
    assert "tenants.yaml" in result.errors["gym"]


POLICIES = (
    "select metric, inbox_id, priority, threshold_seconds, valid_from = '-infinity', valid_to is null"
    " from config.sla_policies order by metric, inbox_id, priority, valid_from"
)


def test_a_changed_threshold_holds_from_now_on_and_the_past_stays(warehouse: str) -> None:
    store_tenants(warehouse, [tenant(sla={"first_response": "5m", "resolution": "1d"})], today=TODAY)
    urgent = {"priority": "urgent", "first_response": "1m"}
    store_tenants(warehouse, [tenant(sla={"first_response": "10m", "overrides": [urgent]})], today=TODAY)
    assert rows(warehouse, POLICIES) == [
        ("first_response", 0, "", 300, True, False),
        ("first_response", 0, "", 600, False, True),
        ("first_response", 0, "urgent", 60, False, True),
        ("resolution", 0, "", 86_400, True, False),
    ]
    seam = "select count(distinct moment) from config.sla_policies, unnest(array[valid_from, valid_to]) as moment"
    assert rows(warehouse, seam + " where isfinite(moment)") == [(1,)]


def test_a_policy_never_begins_before_what_the_source_has_told(warehouse: str) -> None:
    store_tenants(warehouse, [tenant()], today=TODAY)
    with psycopg.connect(warehouse) as connection:
        connection.execute(
            "insert into ops.sync_runs (tenant_id, sync_id, source, mode, status, started_at, source_clock)"
            " values ('gym', 9, 'chatwoot', 'incremental', 'succeeded', now(), '2100-01-01Z')"
        )
    for threshold in ("6m", "7m"):  # the second replaces the first, which was never in force
        store_tenants(warehouse, [tenant(sla={"first_response": threshold})], today=TODAY)
    found = "select threshold_seconds, valid_from = '2100-01-01Z' from config.sla_policies"
    assert rows(warehouse, found + " where metric = 'first_response' order by valid_from") == [
        (300, False),
        (420, True),
    ]


def test_the_first_policies_hold_since_ever_however_late_they_come(warehouse: str) -> None:
    store_tenants(warehouse, [tenant(sla={})], today=TODAY)
    store_tenants(warehouse, [tenant(sla={"resolution": "2d"})], today=TODAY)
    assert rows(warehouse, POLICIES) == [("resolution", 0, "", 172_800, True, True)]
