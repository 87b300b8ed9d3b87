"""The simple forecast, computed a second time without pandas."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from ml.calendar import counts_on_grid, grid, local_midnight
from ml.seasonal_naive import COLUMNS, LEAST_DAYS, forecast


def pretend(days: int, zone: ZoneInfo, *, last: date, seed: int = 1) -> list[datetime]:
    """Instants with a weekly and daily rhythm, up to and within the day after `last`."""
    rng = random.Random(seed)
    instants = []
    for back in range(-1, days):
        day = last - timedelta(days=back)
        for hour in range(24):
            expected = (0.2 if hour < 7 else 2.0) * (0.3 if day.weekday() == 6 else 1 + day.weekday() / 5)
            for _ in range(int(rng.expovariate(1 / expected))):
                local = datetime.combine(day, clock(hour, rng.randrange(60), rng.randrange(60)), tzinfo=zone)
                instants.append(local.astimezone(UTC))
    return instants


def frame(instants: list[datetime]) -> pd.DataFrame:
    return pd.DataFrame({"starts_at": pd.DatetimeIndex(instants, tz="UTC"), "count": 1})


ZONES = [
    ("America/Sao_Paulo", date(2025, 3, 10)),
    ("Europe/Lisbon", date(2025, 4, 2)),
    ("Asia/Kolkata", date(2025, 3, 10)),
]


@pytest.mark.parametrize(("name", "last"), ZONES, ids=[name for name, _ in ZONES])
def test_a_day_is_the_mean_of_the_same_weekday_of_four_weeks(name: str, last: date) -> None:
    zone = ZoneInfo(name)
    instants = pretend(90, zone, last=last)
    now = datetime.combine(last + timedelta(days=1), clock(15, 30), tzinfo=zone)
    result = forecast(frame(instants), grain="day", timezone=name, now=pd.Timestamp(now))

    per_day = Counter(instant.astimezone(zone).date() for instant in instants)
    assert len(result) == 30
    for number, row in enumerate(result.itertuples()):
        day = last + timedelta(days=1 + number)
        assert row.starts_at.to_pydatetime() == datetime.combine(day, clock(), tzinfo=zone).astimezone(UTC)
        same = [
            last - timedelta(days=back)
            for back in range(28)
            if (last - timedelta(days=back)).weekday() == day.weekday()
        ]
        assert len(same) == 4
        assert row.predicted == pytest.approx(sum(per_day[one] for one in same) / 4)
        assert 0 <= row.lower_80 <= row.predicted <= row.upper_80
    assert set(result["model"]) == {"seasonal_naive"}
    assert set(result["trained_until"]) == {
        pd.Timestamp(datetime.combine(last + timedelta(days=1), clock(), tzinfo=zone))
    }
    assert list(result.columns) == list(COLUMNS)


def test_an_hour_is_the_mean_of_the_same_hour_and_weekday_across_a_clock_change() -> None:
    """Lisbon's clocks went forward on 30 March 2025: Sunday has no hour 1, and hours stay at their place on the clock."""
    zone, last = ZoneInfo("Europe/Lisbon"), date(2025, 4, 2)
    instants = pretend(60, zone, last=last)
    now = pd.Timestamp(datetime.combine(last + timedelta(days=1), clock(9), tzinfo=zone))
    result = forecast(frame(instants), grain="hour", timezone=zone.key, now=now)
    assert len(result) == 30 * 24

    per_hour = Counter((instant.astimezone(zone).date(), instant.astimezone(zone).hour) for instant in instants)
    for row in result.itertuples():
        local = row.starts_at.to_pydatetime().astimezone(zone)
        days = [last - timedelta(days=back) for back in range(28)]
        same = [
            day
            for day in days
            if day.weekday() == local.weekday() and not (day == date(2025, 3, 30) and local.hour == 1)
        ]
        assert row.predicted == pytest.approx(sum(per_hour[day, local.hour] for day in same) / len(same))


def test_the_backtest_is_what_it_says() -> None:
    zone, last = ZoneInfo("America/Sao_Paulo"), date(2025, 3, 10)
    instants = pretend(100, zone, last=last)
    now = pd.Timestamp(datetime.combine(last + timedelta(days=1), clock(9), tzinfo=zone))
    result = forecast(frame(instants), grain="day", timezone=zone.key, now=now)

    per_day = Counter(instant.astimezone(zone).date() for instant in instants)
    first = min(per_day) + timedelta(days=1)
    known = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    errors = []
    for weeks in range(1, 9):
        origin = last + timedelta(days=1 - 7 * weeks)
        for day in known:
            if origin <= day < origin + timedelta(days=35):
                before = [origin - timedelta(days=back) for back in range(1, 29)]
                same = [one for one in before if one.weekday() == day.weekday() and one >= first]
                errors.append(per_day[day] - sum(per_day[one] for one in same) / len(same))
    earliest = last + timedelta(days=1 - 56)
    steps = [
        abs(per_day[day] - per_day[day - timedelta(days=7)])
        for day in known
        if day < earliest and day - timedelta(days=7) >= first
    ]
    mase = sum(map(abs, errors)) / len(errors) / (sum(steps) / len(steps))
    assert set(result["backtest_mase"].round(9)) == {round(mase, 9)}

    quantile = sorted(errors)
    low, high = (_quantile(quantile, share) for share in (0.1, 0.9))
    for row in result.itertuples():
        assert row.lower_80 == pytest.approx(max(0.0, row.predicted + min(low, 0)))
        assert row.upper_80 == pytest.approx(row.predicted + max(high, 0))


def _quantile(ordered: list[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def test_the_interval_holds_about_four_of_five_days() -> None:
    zone, last = ZoneInfo("America/Sao_Paulo"), date(2025, 3, 10)
    held = total = 0
    for seed in range(6):
        instants = pretend(150, zone, last=last, seed=seed)
        cut = last - timedelta(days=29)
        result = forecast(
            frame([instant for instant in instants if instant.astimezone(zone).date() <= cut]),
            grain="day",
            timezone=zone.key,
            now=pd.Timestamp(datetime.combine(cut, clock(12), tzinfo=zone)),
        )
        per_day = Counter(instant.astimezone(zone).date() for instant in instants)
        for row in result.itertuples():
            actual = per_day[row.starts_at.to_pydatetime().astimezone(zone).date()]
            held += row.lower_80 <= actual <= row.upper_80
            total += 1
    assert 0.7 <= held / total <= 0.9


def test_the_present_day_is_not_history() -> None:
    """Half of it is still to come: taken as whole it would look like a slump."""
    zone, last = ZoneInfo("America/Sao_Paulo"), date(2025, 3, 10)
    instants = pretend(60, zone, last=last)
    morning, evening = (
        forecast(
            frame(instants), grain="day", timezone=zone.key, now=pd.Timestamp(datetime(2025, 3, 11, hour, tzinfo=zone))
        )
        for hour in (1, 23)
    )
    pd.testing.assert_frame_equal(morning, evening)


@pytest.mark.parametrize("days", [0, 1, LEAST_DAYS])
def test_too_short_a_history_gives_none(days: int) -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    instants = pretend(days, zone, last=date(2025, 3, 10)) if days else []
    now = pd.Timestamp(datetime(2025, 3, 11, 12, tzinfo=zone))
    assert forecast(frame(instants), grain="hour", timezone=zone.key, now=now).empty


def test_two_weeks_give_a_forecast_without_a_backtest() -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    instants = pretend(LEAST_DAYS + 2, zone, last=date(2025, 3, 10))
    result = forecast(
        frame(instants), grain="day", timezone=zone.key, now=pd.Timestamp(datetime(2025, 3, 11, 12, tzinfo=zone))
    )
    assert len(result) == 30
    assert result["backtest_mase"].isna().all()
    assert (result["upper_80"] >= result["lower_80"]).all()


def test_a_constant_series_is_forecast_without_doubt() -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    instants = [datetime(2025, 3, 10, 12, tzinfo=UTC) - timedelta(days=back) for back in range(100)]
    result = forecast(
        frame(instants), grain="day", timezone=zone.key, now=pd.Timestamp(datetime(2025, 3, 11, 12, tzinfo=zone))
    )
    assert set(result["predicted"]) == set(result["lower_80"]) == set(result["upper_80"]) == {1.0}
    assert result["backtest_mase"].isna().all()  # a ratio to nothing


def test_days_are_as_long_as_the_clock_makes_them() -> None:
    """In 2018 São Paulo's summer time began at midnight of 4 November, which therefore began at one."""
    first, end = pd.Timestamp("2018-11-02T12:00Z"), pd.Timestamp("2018-11-06T00:00Z")
    days = grid(first, end, grain="day", timezone="America/Sao_Paulo")
    assert [day.isoformat() for day in days] == [
        "2018-11-02T00:00:00-03:00",
        "2018-11-03T00:00:00-03:00",
        "2018-11-04T01:00:00-02:00",
        "2018-11-05T00:00:00-02:00",
    ]
    observed = pd.DataFrame(
        {"starts_at": [pd.Timestamp("2018-11-04T02:59Z"), pd.Timestamp("2018-11-04T03:00Z")], "count": [2, 5]}
    )
    counts = counts_on_grid(observed, first=days[0], until=end, grain="day", timezone="America/Sao_Paulo")
    assert list(counts) == [0, 2, 5, 0]
    assert local_midnight(pd.Timestamp("2018-11-03T15:00Z"), "America/Sao_Paulo", days=1) == days[2]


def test_a_year_by_the_hour_takes_a_moment() -> None:
    instants = pd.date_range("2024-01-01", "2025-03-01", freq="20min", tz="UTC")
    observed = pd.DataFrame({"starts_at": instants, "count": 1})
    began = time.process_time()
    forecast(observed, grain="hour", timezone="America/Sao_Paulo", now=pd.Timestamp("2025-03-01T12:00Z"))
    assert time.process_time() - began < 1
