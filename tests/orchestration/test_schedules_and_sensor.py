"""What is asked for by itself: whom the schedules take, and how a tenant becomes a partition."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
import psycopg
import pytest

from funil.settings import load_settings
from orchestration.dbt_manifest import load_manifest
from orchestration.definitions import build
from orchestration.partitions import PARTITION_TAG, PARTITIONS_NAME, RANGE_END_TAG, RANGE_START_TAG, TenantRange
from orchestration.schedules import schedules
from orchestration.sensors import tenants_sensor
from tests.orchestration.conftest import House, add_keys, bot_tenant

SCHEDULES = {schedule.name: schedule for schedule in schedules()}


def asked_for(instance: dg.DagsterInstance, schedule: str = "tick") -> list[tuple[str, str]]:
    """The ranges a schedule asks runs for."""
    context = dg.build_schedule_context(instance, scheduled_execution_time=datetime.now(UTC))
    requests = SCHEDULES[schedule].evaluate_tick(context).run_requests or []
    return [
        (request.tags.get(RANGE_START_TAG) or request.tags[PARTITION_TAG], request.tags.get(RANGE_END_TAG, ""))
        for request in requests
    ]


def test_one_run_for_up_to_so_many_tenants(
    house: House, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write_tenants("alpha", "beta", "gamma")
    add_keys(instance, ["alpha", "beta", "gamma"])
    assert asked_for(instance) == [("alpha", "gamma")]
    monkeypatch.setenv("FUNIL_TENANTS_PER_RUN", "2")
    load_settings.cache_clear()
    assert asked_for(instance) == [("alpha", "beta"), ("gamma", "")]
    monkeypatch.setenv("FUNIL_TENANTS_PER_RUN", "1")
    load_settings.cache_clear()
    assert asked_for(instance, "reconcile") == [("alpha", ""), ("beta", ""), ("gamma", "")]


def test_a_removed_tenant_is_not_asked_for_and_a_broken_one_is(house: House, instance: dg.DagsterInstance) -> None:
    house.write_tenants("alpha", bot_tenant("gamma") | {"colour": "red"}, "delta")
    add_keys(instance, ["alpha", "beta", "gamma", "delta"])
    assert asked_for(instance) == [("alpha", ""), ("gamma", "delta")]


def test_tenants_of_an_unfinished_run_are_not_asked_for_again(house: House, instance: dg.DagsterInstance) -> None:
    house.write_tenants("alpha", "beta")
    add_keys(instance, ["alpha", "beta"])
    instance.add_run(
        dg.DagsterRun(job_name="tick", tags=TenantRange(("alpha", "beta")).tags, status=dg.DagsterRunStatus.STARTED)
    )
    assert asked_for(instance) == []
    assert asked_for(instance, "forecast") == [("alpha", "beta")], "another job's are"


def test_no_tenants_is_a_reason_to_skip(house: House, instance: dg.DagsterInstance) -> None:
    house.write_tenants()
    context = dg.build_schedule_context(instance, scheduled_execution_time=datetime.now(UTC))
    assert SCHEDULES["tick"].evaluate_tick(context).skip_message == "There are no tenants."


def look(instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult:
    result = tenants_sensor(dg.build_sensor_context(instance, cursor=cursor))
    assert isinstance(result, dg.SensorResult)
    return result


def test_new_tenants_are_added_in_order_and_asked_for_in_the_same_tick(
    house: House, instance: dg.DagsterInstance
) -> None:
    house.write_tenants("gamma", "alpha", "beta")
    add_keys(instance, ["beta"])
    result = look(instance)
    [added] = result.dynamic_partitions_requests or []
    assert (added.partitions_def_name, list(added.partition_keys)) == (PARTITIONS_NAME, ["alpha", "gamma"])
    [request] = result.run_requests or []
    assert request.tags == {RANGE_START_TAG: "alpha", RANGE_END_TAG: "gamma"}
    assert request.run_key == (look(instance).run_requests or [])[0].run_key, "asked for once only"
    with psycopg.connect(house.dsn) as connection:
        stored = connection.execute("select tenant_id, is_active from config.tenants order by 1").fetchall()
    assert stored == [("alpha", True), ("beta", True), ("gamma", True)]


def test_a_tenant_that_left_keeps_its_partition_and_is_stored_as_inactive(
    house: House, instance: dg.DagsterInstance
) -> None:
    house.write_tenants("alpha", "beta")
    add_keys(instance, ["alpha", "beta"])
    cursor = look(instance).cursor
    house.write_tenants("alpha")
    result = look(instance, cursor)
    assert not result.run_requests
    assert not result.dynamic_partitions_requests
    with psycopg.connect(house.dsn) as connection:
        stored = connection.execute("select tenant_id, is_active from config.tenants order by 1").fetchall()
    assert stored == [("alpha", True), ("beta", False)]


def test_a_broken_entry_is_told_and_stops_nobody(house: House, instance: dg.DagsterInstance) -> None:
    house.write_tenants(bot_tenant("alpha") | {"colour": "red"}, "beta")
    add_keys(instance, ["beta"])
    assert "colour" in str(look(instance).skip_reason)


def test_the_sensor_works_in_the_daemon_as_it_does_here(house: House, instance: dg.DagsterInstance) -> None:
    """Its job exists, and its run requests are ones the job can take."""
    loaded = build(load_manifest())
    house.write_tenants("alpha")
    sensor = loaded.resolve_sensor_def("tenants")
    data = sensor.evaluate_tick(
        dg.build_sensor_context(instance, repository_def=loaded.get_repository_def(), sensor_name="tenants")
    )
    assert [request.tags[PARTITION_TAG] for request in data.run_requests or []] == ["alpha"]
