"""What is estimated of money, row by row: beside what is worked out anew from the marts, and for businesses worked by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import psycopg
import pytest
from scipy.optimize import minimize

from funil.tenants import Tenant, load_tenants
from orchestration.estimates import estimate
from tests.end_to_end.conftest import House
from tests.end_to_end.installation import Installation
from warehouse.sync import open_sync

ZONE = ZoneInfo("America/Sao_Paulo")
Row = Mapping[str, Any]
VIEWS = ("revenue_forecast", "budget_allocation", "customer_value_forecast", "price_sensitivity")
BOOKINGS = """
select b.*, s.updated_at from marts.fct_bookings as b
join staging.stg_bot__procedure_bookings as s using (tenant_id, booking_id)
where b.tenant_id = %s and b.value is not null
"""
CLOCKS = """
select source, max(source_clock) as clock from ops.sync_runs where tenant_id = %s and status = 'succeeded' group by source
"""


# ---- the pretend worlds: every row beside the marts it is estimated from


class Business:
    """A tenant's marts, and the four views of the estimates made from them just now."""

    def __init__(self, installation: Installation, tenant: Tenant) -> None:
        estimate(installation.url, tenant, good_for=None)
        self.tenant, self.zone = tenant, ZoneInfo(tenant.timezone)
        self.views = {
            view: self._rows(installation, f"select * from marts.{view} where tenant_id = %s") for view in VIEWS
        }
        self.bookings = [row for row in self._rows(installation, BOOKINGS) if row["currency"] == tenant.currency]
        self.costs = self._rows(installation, "select * from marts.fct_campaign_costs where tenant_id = %s")
        self.customers = self._rows(
            installation, "select * from marts.dim_contacts where tenant_id = %s and customer_since is not null"
        )
        clocks = [row["clock"] for row in self._rows(installation, CLOCKS)]
        # a source that has been silent for two days is not waited for
        self.now: datetime = min(clock for clock in clocks if clock > max(clocks) - timedelta(days=2))
        self.today = self.now.astimezone(self.zone).date()

    def _rows(self, installation: Installation, query: str) -> list[dict[str, Any]]:
        found = installation.query(query, self.tenant.slug)
        return [
            {str(name): None if value is pd.NaT else value for name, value in row.items()}
            for row in found.to_dict("records")
        ]

    def due(self, booking: Row) -> date:
        return (booking["scheduled_for"] or booking["booked_at"]).astimezone(self.zone).date()

    def booked(self, booking: Row) -> date:
        return booking["booked_at"].astimezone(self.zone).date()

    def settled(self, booking: Row) -> date | None:
        """The day from which on it was known how it ended."""
        if booking["status"] == "booked":
            return None
        late = (booking["scheduled_for"] or booking["booked_at"]) + timedelta(days=3)
        return min(booking["updated_at"], late).astimezone(self.zone).date()


@pytest.fixture(scope="module")
def businesses(house: House) -> Iterable[list[Business]]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.installation.variables.items():
            patch.setenv(name, value or "")
        slugs = [*house.story.tenants, *(["olist"] if house.has_olist else [])]
        tenants = load_tenants(house.installation.tenants_file).tenants
        yield [Business(house.installation, tenant) for tenant in tenants if tenant.slug in slugs]


def test_every_row_is_in_the_tenants_currency_and_its_own(businesses: list[Business]) -> None:
    for view in VIEWS:
        assert any(one.views[view] for one in businesses), view
    for one in businesses:
        for view in VIEWS[:3]:
            assert {row["currency"] for row in one.views[view]} <= {one.tenant.currency}
        channels = {row["channel"] for row in one.costs if row["currency"] == one.tenant.currency}
        assert {row["channel"] for row in one.views["budget_allocation"]} <= channels


def test_revenue_to_come_is_what_is_booked_and_what_is_usual(businesses: list[Business]) -> None:
    for one in businesses:
        rows = sorted(one.views["revenue_forecast"], key=lambda row: row["month"])
        kept = [row for row in one.bookings if row["is_attended"] and one.due(row) < one.today]
        days = (one.today - min(map(one.due, kept))).days if kept else 0
        assert bool(rows) == (days >= 120), f"{one.tenant.slug}: {days} days"
        this_month = one.today.replace(day=1)
        assert [row["month"] for row in rows] == [
            month for month, _ in zip(months_from(this_month), rows, strict=False)
        ]
        assert len(rows) in (0, 6)
        for row in rows:
            money = {name: float(row[name]) for name in ("expected", "lower_80", "upper_80", "so_far", "from_pipeline")}
            until = next_month(row["month"])
            done = (
                sum(float(b["value"]) for b in kept if one.due(b) >= this_month) if row["month"] == this_month else 0.0
            )
            assert money["so_far"] == pytest.approx(done, abs=0.01)
            if row["method"] == "mean_of_90_days":
                pipeline = 0.0
            else:
                pipeline = usual_share(one) * sum(
                    float(b["value"])
                    for b in one.bookings
                    if max(row["month"], one.today) <= one.due(b) < until
                    and one.booked(b) < one.today
                    and not ((ended := one.settled(b)) is not None and ended < one.today)
                )
            assert money["from_pipeline"] == pytest.approx(pipeline, abs=0.01)
            if row["method"] != "pipeline_and_trend":
                coming = days_of(max(row["month"], one.today), until)
                later = sum(usual_of(one, kept, (day - one.today).days, row["method"]) for day in coming)
                assert money["expected"] == pytest.approx(done + pipeline + later, abs=0.02)
            assert 0 <= money["lower_80"] <= money["expected"] <= money["upper_80"]
            assert money["so_far"] + money["from_pipeline"] <= money["expected"] + 0.01
            assert row["backtest_wape"] <= row["baseline_wape"], "else the baseline would answer"
            assert row["forecast_as_of"] == one.now


def months_from(month: date) -> Iterable[date]:
    while True:
        yield month
        month = next_month(month)


def next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def days_of(first: date, end: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((end - first).days))


def usual_share(one: Business) -> float:
    """Of the value that was due in the last 180 days and whose end is known, what was attended."""
    ended = [
        row
        for row in one.bookings
        if one.today - timedelta(days=180) <= one.due(row) < one.today and (one.settled(row) or one.today) < one.today
    ]
    total = sum(float(row["value"]) for row in ended)
    return sum(float(row["value"]) for row in ended if row["is_attended"]) / total if total else 1.0


def usual_of(one: Business, kept: Sequence[Row], ahead: int, method: str) -> float:
    """What a day that far ahead brings besides what is booked already: the last 90 days' mean, times what is booked later."""
    since = one.today - timedelta(days=90)
    per_day = sum(float(row["value"]) for row in kept if one.due(row) >= since) / 90
    if method == "mean_of_90_days":
        return per_day
    habit = [row for row in kept if one.due(row) >= one.today - timedelta(days=180)]
    total = sum(float(row["value"]) for row in habit)
    later = sum(float(row["value"]) for row in habit if (one.due(row) - one.booked(row)).days <= min(ahead, 198))
    return per_day * later / total


def test_budgets_are_spread_anew_and_never_grow(businesses: list[Business]) -> None:
    for one in businesses:
        rows = {row["channel"]: row for row in one.views["budget_allocation"]}
        costs = [row for row in one.costs if row["currency"] == one.tenant.currency]
        monday = one.today - timedelta(days=one.today.weekday())
        weeks: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
        for row in costs:
            week = row["cost_date"] - timedelta(days=row["cost_date"].weekday())
            if one.today - timedelta(days=371) < week < monday:
                weeks[row["channel"]][week] += float(row["cost"])
        for channel, row in rows.items():
            now = sum(weeks[channel][monday - timedelta(days=7 * back)] for back in range(1, 5)) / 4
            assert float(row["cost_now"]) == pytest.approx(now, abs=0.01)
            spent = sum(cost > 0 for cost in weeks[channel].values())
            assert (f"it had costs in {spent} weeks" in row["verdict"]) == (spent < 8)
            assert 0 <= row["certainty"] <= 1
            assert row["gain_lower_80"] <= row["gain_upper_80"]
            if row["verdict"] == "change":
                assert row["certainty"] >= 0.8
            else:
                assert row["verdict"].startswith(("keep: ", "cannot be told: "))
                assert row["cost_advised"] == row["cost_now"]
                assert row["gain"] == row["gain_lower_80"] == row["gain_upper_80"] == 0
        advised, now = (sum(float(row[name]) for row in rows.values()) for name in ("cost_advised", "cost_now"))
        assert advised <= now + 0.01 * len(rows)


def test_what_customers_are_worth_is_added_up_month_by_month(businesses: list[Business]) -> None:
    for one in businesses:
        rows = {row["segment"]: row for row in one.views["customer_value_forecast"]}
        members: dict[str, list[Row]] = defaultdict(list)
        for person in one.customers:
            members[person["channel"]].append(person)
        assert {name: row["customers"] for name, row in rows.items()} == {
            name: len(own) for name, own in members.items()
        }
        paid: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
        for booking in one.bookings:
            if booking["is_attended"] and booking["person_id"] is not None:
                paid[booking["person_id"]].append((booking["attended_at"], float(booking["value"])))
        months = max(sum(len(lived(one, one.customers, month)) >= 10 for month in range(12)), 1)
        overall = worth(one, one.customers, paid, months)
        for name, row in rows.items():
            own = members[name]
            assert row["months"] == months
            assert row["is_own"] == (len(own) >= 30)
            value = (len(own) * worth(one, own, paid, months) + 20 * overall) / (len(own) + 20)
            assert float(row["value"]) == pytest.approx(value if row["is_own"] else overall, abs=0.01)
            assert 0 <= row["lower_80"] <= row["upper_80"]


def lived(one: Business, people: Sequence[Row], month: int) -> list[Row]:
    """Those who have been customers for the whole of it."""
    return [person for person in people if (one.now - person["customer_since"]).days >= 30 * (month + 1)]


def worth(
    one: Business, people: Sequence[Row], paid: Mapping[str, Sequence[tuple[datetime, float]]], months: int
) -> float:
    total = 0.0
    for month in range(months):
        there = lived(one, people, month)
        spent = [
            value
            for person in there
            for at, value in paid[person["person_id"]]
            if timedelta(days=30 * month) <= at - person["customer_since"] < timedelta(days=30 * (month + 1))
        ]
        total += sum(spent) / len(there) if there else 0.0
    return total


def test_prices_are_judged_by_the_bookings_that_have_ended(businesses: list[Business]) -> None:
    for one in businesses:
        ended: dict[str, list[Row]] = defaultdict(list)
        for booking in one.bookings:
            if booking["status"] != "booked" and booking["value"] > 0 and booking["procedure"] is not None:
                ended[booking["procedure"]].append(booking)
        rows = {row["procedure"]: row for row in one.views["price_sensitivity"]}
        assert {name: row["bookings"] for name, row in rows.items()} == {name: len(own) for name, own in ended.items()}
        for name, row in rows.items():
            asked = Counter(booking["value"] for booking in ended[name])
            common = {price for price, times in asked.items() if times >= 20}
            assert row["prices"] == len(common)
            can_tell = len(common) >= 3 and max(common) >= 1.05 * float(min(common))
            assert row["verdict"].startswith("cannot be told") != can_tell
            assert (row["effect"] is None) != can_tell


# ---- businesses worked by hand

TODAY = date(2026, 6, 11)  # a Thursday
NOW = datetime(2026, 6, 11, 15, tzinfo=UTC)
GYM = Tenant.model_validate(
    {
        "slug": "gym",
        "name": "Gym",
        "vertical": "gym",
        "timezone": "America/Sao_Paulo",
        "currency": "BRL",
        "bot": {"database_url": "postgresql://nowhere"},
    }
)
# what stands in the marts' place: the columns that are read
TABLES = """
create table marts.fct_bookings (tenant_id text, booking_id text, person_id text, procedure text, value numeric(18, 2),
    currency text, is_attended boolean, attended_at timestamptz, status text, booked_at timestamptz, scheduled_for timestamptz);
create view staging.stg_bot__procedure_bookings as
select tenant_id, booking_id, coalesce(scheduled_for, booked_at) + interval '1 hour' as updated_at from marts.fct_bookings;
create table marts.fct_campaign_costs (tenant_id text, cost_date date, channel text, cost numeric(18, 2), currency text);
create table marts.dim_contacts (tenant_id text, person_id text, channel text, customer_since timestamptz, customer_date date)
"""


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZONE)


def booking(due: date, value: float, *, lead_days: int = 0, came: bool = True, **columns: str) -> dict[str, Any]:
    """Of the gym, in reais, made so many days before it was due; what lies ahead has not ended."""
    over = due < TODAY
    return {
        "tenant_id": "gym",
        "person_id": None,
        "procedure": None,
        "currency": "BRL",
        "value": value,
        "is_attended": over and came,
        "attended_at": noon(due) if over and came else None,
        "status": "booked" if not over else "attended" if came else "no_show",
        "booked_at": noon(due - timedelta(days=lead_days)),
        "scheduled_for": noon(due),
        **columns,
    }


def customer(person_id: str, channel: str, since: date, tenant_id: str = "gym") -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "person_id": person_id,
        "channel": channel,
        "customer_since": noon(since),
        "customer_date": since,
    }


def estimated(
    dsn: str,
    *,
    bookings: Sequence[dict[str, Any]] = (),
    customers: Sequence[dict[str, Any]] = (),
    costs: Sequence[dict[str, Any]] = (),
) -> dict[str, list[dict[str, Any]]]:
    """The gym's rows of ml by table."""
    numbered = [{**row, "booking_id": str(number)} for number, row in enumerate(bookings)]
    with psycopg.connect(dsn) as connection:
        connection.execute(TABLES.encode())
        for table, rows in (("fct_bookings", numbered), ("dim_contacts", customers), ("fct_campaign_costs", costs)):
            if rows:
                names = list(rows[0])
                statement = f"copy marts.{table} ({', '.join(names)}) from stdin"
                with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
                    for row in rows:
                        copy.write_row([row[name] for name in names])
    with open_sync(dsn, tenant_id="gym", source="bot", mode="incremental") as sync:
        sync.source_clock = NOW
    estimate(dsn, GYM, good_for=None)
    found = {}
    with psycopg.connect(dsn, row_factory=psycopg.rows.dict_row) as connection:
        for table in ("revenue_forecasts", "budget_allocations", "customer_values", "price_responses"):
            found[table] = connection.execute(
                f"select * from ml.{table} where tenant_id = 'gym' order by 2".encode()
            ).fetchall()
            others = connection.execute(f"select count(*) from ml.{table} where tenant_id <> 'gym'".encode()).fetchone()
            assert others is not None
            assert others["count"] == 0
    return found


def test_revenue_that_is_all_booked_ahead_is_known_to_the_cent(warehouse: str) -> None:
    """Somebody comes every day, booked seventy days before, at 200 in even months and 100 in odd ones."""
    due = [TODAY + timedelta(days=days) for days in range(-420, 71)]
    own = [booking(day, 100.0 if day.month % 2 else 200.0, lead_days=70) for day in due]
    foreign = [booking(day, 5000.0, lead_days=70, currency="USD") for day in due]
    others = [booking(day, 7000.0, lead_days=70, tenant_id="shop") for day in due]
    months = estimated(warehouse, bookings=own + foreign + others)["revenue_forecasts"]
    assert [f"{row['month']:%m}" for row in months] == ["06", "07", "08", "09", "10", "11"]
    assert {row["currency"] for row in months} == {"BRL"}
    june, july, august = months[:3]
    # ten days at 200 have been; twenty are booked
    assert (june["so_far"], june["from_pipeline"], june["expected"]) == (2000, 4000, 6000)
    assert (july["so_far"], july["from_pipeline"], july["expected"]) == (0, 3100, 3100)
    # what was booked until yesterday reaches the 19th; nothing is booked beyond
    assert august["from_pipeline"] == 3800
    assert [row["from_pipeline"] for row in months[3:]] == [0, 0, 0]
    # the last 90 days: 19 of March and 31 of May at 100, 30 of April and 10 of June at 200
    usual = (50 * 100 + 40 * 200) / 90
    # and a trend of at most 5 % a month, damped by a fifth each further month
    assert june["method"] in ("pipeline", "pipeline_and_trend")
    for row, days in ((months[3], 30), (months[4], 31), (months[5], 30)):
        assert abs(np.log(float(row["expected"]) / (days * usual))) <= 0.05 / (1 - 0.8)


def test_a_business_as_regular_as_a_clock_is_forecast_to_the_cent(warehouse: str) -> None:
    """100 a day, booked ten days before: what is booked today is not counted twice, whichever method answers."""
    due = [TODAY + timedelta(days=days) for days in range(-400, 11)]
    months = estimated(warehouse, bookings=[booking(day, 100.0, lead_days=10) for day in due])["revenue_forecasts"]
    assert [row["expected"] for row in months] == [3000, 3100, 3100, 3000, 3100, 3000]
    assert all(row["lower_80"] == row["expected"] == row["upper_80"] for row in months)
    assert {row["backtest_wape"] for row in months} == {0.0}


def test_money_goes_where_returns_are_equal(warehouse: str) -> None:
    """Customers of a week rise with the root of its cost, four times as steeply by one channel as by the other."""
    mondays = [date(2025, 6, 16) + timedelta(days=7 * week) for week in range(51)]
    steepness = {"google": 0.6, "radio": 0.15}
    people, costs = [], []
    for week, monday in enumerate(mondays):
        levels = {"google": (0, 100, 400)[week // 3 % 3], "radio": (400, 0, 100)[week // 3 % 3]}
        for channel, cost in levels.items():
            costs.append((channel, monday, cost, "BRL"))
            for number in range(round(2 + steepness[channel] * cost**0.5 + 0.25 * (-1) ** week)):
                people.append(customer(f"{channel} {week} {number}", channel, monday + timedelta(days=1)))
        costs += [("tv", monday, 100, "BRL"), ("fair", monday, (0, 300)[week % 2], "USD")]
        people += [customer(f"tv {week} {number}", "tv", monday) for number in range(3)]
        people += [customer(f"shop {week} {number}", "radio", monday, "shop") for number in range(40)]
    rows = {
        row["channel"]: row
        for row in estimated(
            warehouse,
            customers=people,
            costs=[
                {"tenant_id": "gym", "channel": channel, "cost_date": day, "cost": cost, "currency": currency}
                for channel, day, cost, currency in costs
            ],
        )["budget_allocations"]
    }
    assert set(rows) == {"google", "radio", "tv"}, "money of another currency is not spread"
    last = {"google": (0 + 3 * 100) / 4, "radio": (400 + 3 * 0) / 4, "tv": 100}
    assert {name: float(row["cost_now"]) for name, row in rows.items()} == pytest.approx(last)
    assert rows["tv"]["verdict"] == "cannot be told: its cost hardly ever changed"
    assert rows["tv"]["cost_advised"] == 100
    budget = last["google"] + last["radio"]
    advised = {name: float(rows[name]["cost_advised"]) for name in ("google", "radio")}
    assert rows["google"]["verdict"] == rows["radio"]["verdict"] == "change"
    # 0.6 / sqrt(google) = 0.15 / sqrt(radio): sixteen to one
    assert advised["google"] == pytest.approx(budget * 16 / 17, rel=0.1)
    assert sum(advised.values()) == pytest.approx(budget, rel=0.01)
    gained = 0.6 * (advised["google"] ** 0.5 - 75**0.5) + 0.15 * (advised["radio"] ** 0.5 - 100**0.5)
    assert rows["google"]["gain"] + rows["radio"]["gain"] == pytest.approx(gained, rel=0.4)


def test_a_first_year_is_added_up_from_the_months_that_were_lived(warehouse: str) -> None:
    since = TODAY - timedelta(days=75)
    people, paid = [], []
    for channel, number in (("instagram", 30), ("google", 30), ("radio", 5)):
        people += [customer(f"{channel} {n}", channel, since) for n in range(number)]
    for person in people:
        name, channel = str(person["person_id"]), person["channel"]
        spent = {"instagram": {3: 200.0, 40: 100.0, 70: 999.0}, "radio": {3: 60.0}, "google": {}}[channel]
        paid += [booking(since + timedelta(days=day), value, person_id=name) for day, value in spent.items()]
        paid += [booking(since + timedelta(days=5), 800.0, person_id=name, currency="USD")]
    rows = {row["segment"]: row for row in estimated(warehouse, bookings=paid, customers=people)["customer_values"]}
    everybody = (30 * 300 + 5 * 60) / 65
    worked = {
        "instagram": (30 * 300 + 20 * everybody) / 50,
        "google": (30 * 0 + 20 * everybody) / 50,
        "radio": everybody,  # five are too few
    }
    assert {name: float(row["value"]) for name, row in rows.items()} == pytest.approx(worked, abs=0.006)
    assert {(name, row["customers"], row["months"], row["is_own"], row["currency"]) for name, row in rows.items()} == {
        ("instagram", 30, 2, True, "BRL"),
        ("google", 30, 2, True, "BRL"),
        ("radio", 5, 2, False, "BRL"),
    }
    # its thirty are all alike
    assert rows["instagram"]["lower_80"] == rows["instagram"]["upper_80"] == rows["instagram"]["value"]
    assert rows["radio"]["lower_80"] < rows["radio"]["value"] < rows["radio"]["upper_80"]


def test_a_price_matters_as_much_as_the_likelihood_says(warehouse: str) -> None:
    came = {90.0: 92, 100.0: 80, 110.0: 64}
    day = TODAY - timedelta(days=30)
    rows = [
        booking(day, price, came=number < attended, procedure="limpeza")
        for price, attended in came.items()
        for number in range(100)
    ]
    rows += [booking(day, 80.0, came=number % 3 > 0, procedure="avaliacao") for number in range(90)]
    rows += [booking(day, 100.0, came=False, procedure="limpeza", currency="USD") for _ in range(50)]
    rows += [booking(TODAY + timedelta(days=3), 110.0, procedure="limpeza") for _ in range(30)]
    limpeza, avaliacao = sorted(
        estimated(warehouse, bookings=rows)["price_responses"], key=lambda row: str(row["procedure"]), reverse=True
    )
    assert (avaliacao["bookings"], avaliacao["prices"], avaliacao["effect"]) == (90, 1, None)
    assert avaliacao["verdict"] == "cannot be told: its price hardly varied"

    def surprise(beta: np.ndarray) -> float:
        total = 0.0
        for price, attended in came.items():
            odds = beta[0] + beta[1] * np.log(price / 100)
            total += attended * np.log1p(np.exp(-odds)) + (100 - attended) * np.log1p(np.exp(odds))
        return float(total)

    best = minimize(surprise, np.zeros(2), tol=1e-10).x
    at_usual = 1 / (1 + np.exp(-best[0]))
    assert (limpeza["bookings"], limpeza["prices"]) == (300, 3)
    assert limpeza["effect"] == pytest.approx(best[1] * at_usual * (1 - at_usual) * np.log(1.1), rel=1e-3)
    assert limpeza["lower_80"] < limpeza["effect"] < limpeza["upper_80"] < 0
    assert limpeza["verdict"] == "people mind"
