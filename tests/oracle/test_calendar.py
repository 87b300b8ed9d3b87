"""The oracle's own calendar, by hand."""

from __future__ import annotations

from datetime import date

from tests.oracle.build import rows_of
from tests.oracle.facts import Facts
from tests.oracle.tenants import dim_dates
from tests.oracle.world import closed_days

CLINIC = {"country": "BR", "subdivision": "AM", "locale": "pt-BR"}


def test_a_day_belongs_to_the_iso_week_of_its_thursday_and_a_week_begins_on_sunday_by_number() -> None:
    table = dim_dates(Facts("gym", closed_days={date(2027, 1, 1): "Confraternização Universal"}))
    days = table[table["date_day"].isin([date(2027, 1, 1), date(2027, 1, 3)])]
    columns = ("month", "week", "iso_year", "iso_week", "year", "day_of_week", "is_weekend", "closed_reason")
    assert rows_of(days, *columns) == [
        (date(2027, 1, 1), date(2026, 12, 28), 2026, 53, 2027, 5, False, "Confraternização Universal"),
        (date(2027, 1, 1), date(2026, 12, 28), 2026, 53, 2027, 0, True, None),
    ]
    assert (min(table["date_day"]), max(table["date_day"])) == (date(2015, 1, 1), date(2035, 12, 31))


def test_closed_days_are_the_countrys_the_states_and_the_tenants_own() -> None:
    own = {"closed_days": [date(2026, 12, 23), date(2026, 12, 25)], "open_days": [date(2026, 2, 17)]}
    days = closed_days(CLINIC | own, 2026)
    assert days[date(2026, 9, 5)] == "Elevação do Amazonas à categoria de província"
    assert days[date(2026, 4, 3)] == "Sexta-feira Santa"
    assert days[date(2026, 12, 23)] == "closed_days in tenants.yaml"
    assert days[date(2026, 12, 25)] == "Natal"
    # Carnival is optional, and its Tuesday is not taken here
    assert date(2026, 2, 16) in days
    assert date(2026, 2, 17) not in days
    assert date(2026, 2, 16) not in closed_days(CLINIC | {"holidays": "public"}, 2026)
    assert (min(days).year, max(days).year) == (2015, 2028)
