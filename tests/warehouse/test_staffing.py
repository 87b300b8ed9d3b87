"""A tenant's coming week, from the forecast and the settings to the plan in the warehouse and what it shows in the UI."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from funil.errors import FunilError
from funil.tenants import Tenant
from ml.erlang import service_level
from orchestration.assets.forecast import staffing_metadata
from orchestration.keys import STAFFING_HOURS, STAFFING_PLANS
from orchestration.staffing import plan_week, what_if

ZONE = ZoneInfo("America/Sao_Paulo")
TODAY = datetime(2026, 3, 11, tzinfo=ZONE)  # a Wednesday
MARTS = """
create table marts.fct_conversations (tenant_id text, created_at timestamptz, human_replies bigint, handed_off_at timestamptz);
create table intermediate.int_opening_hours (tenant_id text, inbox_id bigint, opens_at timestamptz, closes_at timestamptz);
"""
TWO = {"name": "Desk", "count": 2, "cost_per_hour": 20}
FOUR = {**TWO, "count": 4}
BY_DAY = dict(zip(range(9, 18), (2.0, 4.0, 6.0, 4.0, 2.0, 2.0, 4.0, 4.0, 2.0), strict=True)) | {3: 1.0}


def tenant(people: list[dict[str, Any]] | None, **staffing: Any) -> Tenant:
    block = None if people is None else {"people": people, "within": "5m", "handling_time": "10m", **staffing}
    return Tenant.model_validate(
        {
            "slug": "gym",
            "name": "Gym",
            "vertical": "gym",
            "bot": {"database_url": "postgresql://nowhere"},
            "business_hours": {"mon-fri": "09:00-18:00"},
            "staffing": block,
        }
    )


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        connection.execute("set timezone to 'America/Sao_Paulo'")
        return connection.execute(query.encode()).fetchall()


@pytest.fixture
def forecast(warehouse: str) -> str:
    """30 days, the 16th a holiday; who writes at night writes on any day. A person is in three of four conversations."""
    with psycopg.connect(warehouse) as connection:
        connection.execute(MARTS)
        for day in range(30):
            date = TODAY + timedelta(days=day)
            is_open = date.weekday() < 5 and date.day != 16
            for hour in range(24):
                connection.execute(
                    "insert into ml.demand_forecasts (tenant_id, series, grain, starts_at, predicted, lower_80, upper_80,"
                    " model, trained_until, _sync_id) values ('gym', 'conversations', 'hour', %s, %s, 0, 99, 'slot_mean', %s, 1)",
                    [date + timedelta(hours=hour), BY_DAY.get(hour, 0.0) if is_open or hour == 3 else 0.0, TODAY],
                )
            if is_open:
                connection.execute(
                    "insert into intermediate.int_opening_hours values ('gym', 0, %s, %s)",
                    [date + timedelta(hours=9), date + timedelta(hours=18)],
                )
        connection.execute(
            "insert into marts.fct_conversations select 'gym', %s - n * interval '1 hour', case when n %% 4 = 0 then 0 else 1 end,"
            " null from generate_series(1, 400) as n",
            [TODAY],
        )
    return warehouse


def test_the_plan_of_the_coming_week_holds_what_is_promised(forecast: str) -> None:
    planned = plan_week(forecast, tenant([FOUR]))
    assert planned.plan is not None
    [whole] = rows(
        forecast,
        "select starts_on, hours_short, share_for_people, cost, person_hours, service_level, planned_from from ml.staffing_plans",
    )
    assert (whole[0].isoformat(), whole[1], whole[2]) == ("2026-03-12", 0, 0.75)
    assert whole[3] == 20 * whole[4] == 20 * rows(forecast, "select sum(hours) from ml.staffing_shifts")[0][0]
    assert whole[6] == TODAY
    hours = {
        at.astimezone(ZONE): values
        for at, *values in rows(
            forecast, "select starts_at, expected, needed, on_duty, short, service_level from ml.staffing_hours"
        )
    }
    assert len(hours) == 7 * 24
    thursday, tuesday = (datetime(2026, 3, day, tzinfo=ZONE) for day in (12, 17))
    assert hours[thursday + timedelta(hours=11)][0] == pytest.approx(6 * 0.75)
    # Thursday's opening has what came in the night; Tuesday's also that of the weekend and the holiday
    assert hours[thursday + timedelta(hours=9)][0] == pytest.approx((1 + 2) * 0.75)
    assert hours[tuesday + timedelta(hours=9)][0] == pytest.approx((4 * 1 + 2) * 0.75)
    for at, (expected, needed, on_duty, short, level) in hours.items():
        is_open = at.weekday() < 5 and at.day != 16 and 9 <= at.hour < 18
        assert (expected > 0) == is_open
        assert (on_duty >= needed, short) == (True, 0)
        if is_open:
            assert level >= 0.8
            assert service_level(expected, needed - 1, 600, 300) < 0.8, "one fewer would not keep it"
    worked = rows(
        forecast,
        "select person, sum(hours), count(*), count(distinct starts_at::date) from ml.staffing_shifts group by 1",
    )
    assert {person for person, *_ in worked} <= {"Desk 1", "Desk 2", "Desk 3", "Desk 4"}
    assert all(hours_worked <= 44 and shifts == days for _, hours_worked, shifts, days in worked)


def test_too_few_people_are_told_by_how_many(forecast: str) -> None:
    planned = plan_week(forecast, tenant([TWO]))
    [(short, extra)] = rows(forecast, "select hours_short, extra_people from ml.staffing_plans")
    [(missing, worst)] = rows(forecast, "select sum(short), max(short) from ml.staffing_hours")
    assert (short, extra) == (missing, worst)
    assert short > 0
    shown = staffing_metadata(planned)
    assert shown[STAFFING_PLANS]["is_feasible"] is False
    assert shown[STAFFING_PLANS]["people_hours_short"] == short
    assert "data:image/png" in shown[STAFFING_HOURS]["week"].value


def test_the_same_forecast_and_people_are_not_planned_again(forecast: str) -> None:
    assert plan_week(forecast, tenant([TWO])).changed
    again = plan_week(forecast, tenant([TWO]))
    assert (again.plan, again.changed) == (None, 0)
    assert plan_week(forecast, tenant([{**TWO, "cost_per_hour": 21}])).plan is not None


def test_who_is_not_staffed_any_more_has_no_plan(forecast: str) -> None:
    plan_week(forecast, tenant([TWO]))
    gone = plan_week(forecast, tenant(None))
    assert "no staffing" in str(gone.note)
    for table in ("plans", "hours", "shifts"):
        assert rows(forecast, f"select count(*) from ml.staffing_{table}") == [(0,)]


def test_skills_have_their_share_and_their_people(forecast: str) -> None:
    people = [{**FOUR, "skills": ["desk"]}, {"name": "Eva", "cost_per_hour": 30, "skills": ["english"]}]
    planned = plan_week(forecast, tenant(people, skills={"desk": 80, "english": 20}))
    assert planned.plan is not None
    found = rows(
        forecast,
        "select skill, sum(expected), max(on_duty) from ml.staffing_hours where starts_at::date = '2026-03-12' group by 1",
    )
    assert {skill: round(expected, 6) for skill, expected, _ in found} == {"desk": 18.6, "english": 4.65}
    assert {skill: most for skill, _, most in found}["english"] == 1


def test_where_the_tenant_names_no_hours_its_inboxes_hold(forecast: str) -> None:
    with psycopg.connect(forecast) as connection:
        connection.execute(
            "insert into intermediate.int_opening_hours select 'gym', 7, opens_at + interval '1 hour', closes_at - interval '1 hour'"
            " from intermediate.int_opening_hours"
        )
    plan_week(forecast, tenant([FOUR]).model_copy(update={"business_hours": {}}))
    [(first, last)] = rows(
        forecast,
        "select min(extract(hour from starts_at)), max(extract(hour from starts_at)) from ml.staffing_hours where expected > 0",
    )
    assert (first, last) == (10, 16)


def test_what_if(forecast: str) -> None:
    one_more = what_if(forecast, tenant([TWO]), more_people=1)
    assert one_more.loc["what if", "hours_short"] < one_more.loc["as it is", "hours_short"]
    assert one_more.loc["as it is", "hours_short"] == what_if(forecast, tenant([TWO])).loc["what if", "hours_short"]
    busier = what_if(forecast, tenant([FOUR]), demand_times=1.2)
    assert busier.loc["what if", "cost"] > busier.loc["as it is", "cost"]
    assert rows(forecast, "select count(*) from ml.staffing_plans") == [(0,)], "nothing is stored"


def test_without_a_forecast_or_people_there_is_nothing_to_plan(warehouse: str, forecast: str) -> None:
    with psycopg.connect(forecast) as connection:
        connection.execute("delete from ml.demand_forecasts")
    assert "no forecast" in str(plan_week(forecast, tenant([TWO])).note)
    with pytest.raises(FunilError, match="funil run"):
        what_if(forecast, tenant([TWO]))
    with pytest.raises(FunilError, match="staffing"):
        what_if(forecast, tenant(None))
