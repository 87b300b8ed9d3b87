"""The job that erases a person: logs that quoted them, what an interrupted one left, and what it may be told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from typer.testing import CliRunner

from funil.cli.app import app
from orchestration.erasure import erase_job
from orchestration.retention import retention_job
from orchestration.workspace import Workspace
from tests.orchestration.conftest import House
from tests.warehouse.held import START, Held
from tests.warehouse.test_erase import missing, take_in
from warehouse.connect import Warehouse

WHO, OTHER = Held(1), Held(2)
QUOTED = f'reading leads failed: invalid value "{WHO.phone_without_ninth}" of {WHO.name} <{WHO.email}>, call +55 (11) 98765.0001'


@pytest.fixture
def place(house: House) -> Warehouse:
    """A warehouse that holds two people."""
    take_in(house.dsn, WHO, OTHER)
    return Warehouse.open(house.home, house.dsn)


def run(job: dg.JobDefinition, **config: str) -> dg.ExecuteInProcessResult:
    return job.execute_in_process(
        run_config={"ops": {"erase_person": {"config": config}}} if config else {},
        resources={"workspace": Workspace()},
        raise_on_error=False,
    )


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_a_person_is_taken_out_of_what_quoted_them_and_the_rest_is_left_to_read(
    place: Warehouse, tmp_path: Path
) -> None:
    log = tmp_path / "logs" / "run.log"
    log.parent.mkdir()
    log.write_text(f"before\n{json.dumps(QUOTED)}\nafter 11987650002\n", encoding="utf-8")
    with psycopg.connect(place.dagster_dsn) as connection:
        connection.execute("create table event_logs (id bigint, event text)")
        connection.execute(
            "insert into event_logs values (1, %s), (2, %s)", [json.dumps({"said": QUOTED}), '{"said": "hello"}']
        )
    with psycopg.connect(place.dsn) as connection:
        connection.execute(
            "insert into ops.sync_runs (tenant_id, sync_id, source, mode, status, error, details) "
            "values ('gym', 9, 'bot', 'first', 'failed', %s, %s)",
            [QUOTED, json.dumps({"warnings": [QUOTED], "number": 551187650001})],
        )
    done = run(erase_job, tenant="gym", contact="1", asked_by="ana")
    assert done.success
    [event, other] = rows(place.dagster_dsn, "select event from event_logs order by id")
    assert json.loads(event[0])["said"].startswith("reading leads failed: invalid value")
    assert json.loads(other[0]) == {"said": "hello"}
    [(error, details)] = rows(place.dsn, "select error, details from ops.sync_runs")
    told = "".join([event[0], error, json.dumps(details), log.read_text(encoding="utf-8")])
    told += "".join(str(event) for event in done.all_events)
    assert missing(WHO, told.encode()) == WHO.secrets
    assert log.read_text(encoding="utf-8").startswith('before\n"reading leads failed: invalid value')
    assert log.read_text(encoding="utf-8").endswith("after 11987650002\n")
    assert rows(place.dsn, "select asked_by, rebuilt_at is null, cleaned_at is null from ops.erasures") == [
        ("ana", False, False)
    ]


def test_what_an_interrupted_erasure_left_is_done_by_the_next_call(place: Warehouse) -> None:
    run(erase_job, tenant="gym", contact="lead-l1")
    with psycopg.connect(place.dsn) as connection:
        connection.execute("update ops.erasures set cleaned_at = null")
    assert run(erase_job).success
    assert rows(place.dsn, "select cleaned_at is null from ops.erasures") == [(False,)]


def test_whoever_is_not_found_fails_the_run_with_a_sentence(place: Warehouse) -> None:
    done = run(erase_job, tenant="gym", contact="77")
    assert not done.success
    [failure] = [event for event in done.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert "nobody of that phone" in str(told.description)
    assert rows(place.dsn, "select count(*) from ops.erasures") == [(0,)]


def test_each_tenants_own_months_count_and_one_that_left_has_the_usual_ones(place: Warehouse, tmp_path: Path) -> None:
    """They came in January 2026: of a tenant that keeps nothing for longer than a month, they go."""
    bot = {"database_url": "postgresql://reader@localhost/bot"}
    tenant = {"slug": "gym", "name": "Gym", "vertical": "gym", "timezone": "UTC", "bot": bot}
    (tmp_path / "tenants.yaml").write_text(json.dumps({"tenants": [tenant | {"retention_months": 1}]}))
    with psycopg.connect(place.dsn) as connection:
        for slug in ("gym", "left"):
            connection.execute(
                "insert into config.tenants values (%s, 'x', 'gym', 'UTC', 'pt-BR', 'BRL', 'BR', null, 'public', 0, "
                "true, false, 'regex', true, 1)",
                [slug],
            )
        old = Held(3, "left")
        old.load(connection)
        connection.execute(
            "update raw_chatwoot.conversations set created_at = %s, last_activity_at = %s where tenant_id = 'left'",
            [START.replace(year=2001)] * 2,
        )
    done = run(retention_job)
    assert done.success
    left = rows(
        place.dsn,
        "select tenant_id, count(*) from raw_chatwoot.contacts group by 1 union all "
        "select tenant_id, count(*) from raw_bot.conversation_messages group by 1",
    )
    assert left == [("left", 1), ("left", 2)]
    [output] = [event for event in done.all_events if event.is_successful_output]
    assert set(output.event_specific_data.metadata) == {"gym"}  # type: ignore[union-attr]


def test_the_command_shows_asks_and_erases_and_never_says_whom(place: Warehouse) -> None:
    def funil(*arguments: str, answer: str = "") -> tuple[int, str]:
        done = CliRunner().invoke(app, [*arguments], input=answer)
        told = done.output.replace(answer.partition("\n")[0], "") if answer else done.output
        assert missing(WHO, told.encode()) == WHO.secrets
        return done.exit_code, done.output

    def stored() -> tuple[int, ...]:
        return rows(place.dsn, "select count(*) from raw_chatwoot.contacts")[0]

    with psycopg.connect(place.dsn) as connection:
        connection.execute(
            "insert into config.tenants values ('gym', 'x', 'gym', 'UTC', 'pt-BR', 'BRL', 'BR', null, 'public', 0, "
            "true, false, 'regex', true, 1)"
        )
    who = ("--tenant", "gym", "--phone", "-")
    shown = funil("erase", *who, "--dry-run", answer=f"{WHO.phone_without_ninth}\n")
    refused = funil("erase", *who, answer=f"{WHO.phone_without_ninth}\nn\n")
    assert (shown[0], refused[0], stored()) == (0, 1, (2,))
    written = funil("access-request", *who, answer=f"{WHO.phone}\n")
    assert written[0] == 0
    done = funil("erase", *who, answer=f"{WHO.phone_without_ninth}\ny\n")
    assert (done[0], stored()) == (0, (1,))
    assert "1 exports removed" in done[1]
    assert funil("erase", "--tenant", "gym", "--email", WHO.email, "--lift")[0] == 0
