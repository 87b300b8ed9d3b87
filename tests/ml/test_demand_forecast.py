"""What is forecast, when, from what, and by whom."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from ml.backtest import AVERAGE
from ml.baselines import SEASONAL_NAIVE, SLOT_MEAN, slot_mean
from ml.boosted import fit
from ml.demand_forecast import BACKTEST_COLUMNS, COLUMNS, LEAST_DAYS, DemandForecast, forecast
from ml.history import DayKind, history_of
from ml.prophet_daily import prophet
from tests.ml.pretend import SAO_PAULO, frame, instants

LAST = date(2025, 3, 10)
NOW = pd.Timestamp(datetime(2025, 3, 11, 15, 30, tzinfo=SAO_PAULO))
ZONES = [
    ("America/Sao_Paulo", date(2025, 3, 10)),
    ("Europe/Lisbon", date(2025, 4, 2)),  # on 30 March the clocks went forward: that Sunday had no hour 1
    ("Asia/Kolkata", date(2025, 3, 10)),
]


def of_days(days: int, **more: object) -> DemandForecast:
    observed = frame(instants(days, last=LAST, **more))  # type: ignore[arg-type]
    return forecast(observed, timezone=SAO_PAULO.key, now=NOW, special_days={})


@pytest.fixture(scope="module")
def year() -> DemandForecast:
    return of_days(280)


@pytest.mark.parametrize(("name", "last"), ZONES, ids=[name for name, _ in ZONES])
def test_the_mean_of_the_same_slots_is_what_it_says(name: str, last: date) -> None:
    zone = ZoneInfo(name)
    found = instants(60, zone, last=last)
    now = pd.Timestamp(datetime.combine(last + timedelta(days=1), clock(15, 30), tzinfo=zone))
    history = history_of(frame(found), timezone=name, now=now, special_days={}, days_ahead=30)
    assert history is not None
    by_day, by_hour = slot_mean(history.daily, 30), slot_mean(history.hourly, 30)

    per_hour = Counter((one.astimezone(zone).date(), one.astimezone(zone).hour) for one in found)
    for number in range(30):
        day = last + timedelta(days=1 + number)
        same = [last - timedelta(days=back) for back in range(28)]
        same = [one for one in same if one.weekday() == day.weekday()]
        assert len(same) == 4
        per_day = [sum(per_hour[one, hour] for hour in range(24)) for one in same]
        assert by_day[number, 0] == pytest.approx(sum(per_day) / 4)
        for hour in range(24):
            there = [one for one in same if not (name == "Europe/Lisbon" and one == date(2025, 3, 30) and hour == 1)]
            assert by_hour[number, hour] == pytest.approx(sum(per_hour[one, hour] for one in there) / len(there))


def test_thirty_days_are_forecast_from_today_on_by_day_and_by_hour(year: DemandForecast) -> None:
    assert tuple(year.rows.columns) == COLUMNS
    assert tuple(year.backtests.columns) == BACKTEST_COLUMNS
    midnight = pd.Timestamp(datetime(2025, 3, 11, tzinfo=SAO_PAULO))
    for grain, count in (("day", 30), ("hour", 720)):
        rows = year.rows[year.rows["grain"] == grain]
        assert len(rows) == count
        assert rows["starts_at"].iloc[0] == midnight
        assert set(rows["trained_until"]) == {midnight}
        assert (rows["lower_80"] >= 0).all()
        assert (rows["lower_80"] <= rows["predicted"]).all()
        assert (rows["predicted"] <= rows["upper_80"]).all()
        best = year.backtests[(year.backtests["grain"] == grain) & (year.backtests["standing"] == "answers")]
        assert list(best["model"]) == [rows["model"].iloc[0]]
        assert rows["backtest_mase"].iloc[0] == best["mase"].iloc[0] < 1


def test_the_rhythm_is_found(year: DemandForecast) -> None:
    hours = year.rows[year.rows["grain"] == "hour"]
    local = pd.DatetimeIndex(hours["starts_at"]).tz_convert(SAO_PAULO)
    day = hours["predicted"].to_numpy()
    assert day[local.hour < 7].mean() < 0.3 * day[local.hour >= 7].mean()
    assert day[local.day_of_week == 6].mean() < 0.5 * day[local.day_of_week == 2].mean()


def test_the_past_is_shown_as_it_would_have_been_expected(year: DemandForecast) -> None:
    days = year.hindsight[year.hindsight["grain"] == "day"]
    assert days["starts_at"].is_monotonic_increasing
    assert days["starts_at"].is_unique
    assert (days["trained_until"] <= days["starts_at"]).all()
    assert days["starts_at"].iloc[-1] == pd.Timestamp(datetime(2025, 3, 10, tzinfo=SAO_PAULO))
    assert len(days) == 30 + 6 * 14


def test_the_present_day_is_not_history() -> None:
    """Half of it is still to come: taken as whole it would look like a slump."""
    observed = frame(instants(60, last=LAST))
    morning, evening = (
        forecast(
            observed,
            timezone=SAO_PAULO.key,
            now=pd.Timestamp(datetime(2025, 3, 11, hour, tzinfo=SAO_PAULO)),
            special_days={},
        )
        for hour in (1, 23)
    )
    pd.testing.assert_frame_equal(morning.rows, evening.rows)


@pytest.mark.parametrize("days", [0, 1, LEAST_DAYS])
def test_too_short_a_history_gives_none(days: int) -> None:
    found = instants(days, last=LAST) if days else []
    made = forecast(frame(found), timezone=SAO_PAULO.key, now=NOW, special_days={})
    assert made.rows.empty
    assert made.backtests.empty


def test_two_weeks_give_a_simple_forecast_without_a_backtest() -> None:
    made = of_days(LEAST_DAYS + 2)
    assert len(made.rows) == 750
    assert set(made.rows["model"]) == {SLOT_MEAN}
    assert made.rows["backtest_mase"].isna().all()
    assert made.backtests.empty


@pytest.mark.parametrize("more", [{"days": 90}, {"days": 280, "per_day": 0.3}], ids=["short", "sparse"])
def test_a_short_or_sparse_series_gets_a_simple_model(more: dict[str, float]) -> None:
    made = of_days(**more)  # type: ignore[arg-type]
    assert set(made.backtests["model"]) == {SLOT_MEAN, SEASONAL_NAIVE}
    assert set(made.rows["model"]) <= {SLOT_MEAN, SEASONAL_NAIVE}
    assert len(made.rows) == 750


def test_a_constant_series_is_forecast_without_doubt() -> None:
    found = [datetime(2025, 3, 10, 12, tzinfo=UTC) - timedelta(days=back) for back in range(100)]
    made = forecast(frame(found), timezone=SAO_PAULO.key, now=NOW, special_days={}, grains=("day",))
    assert set(made.rows["predicted"]) == set(made.rows["lower_80"]) == set(made.rows["upper_80"]) == {1.0}
    assert made.rows["backtest_mase"].isna().all()  # a ratio to nothing


@pytest.mark.parametrize("silence", [100, 200], ids=["seen from too early", "not seen"])
def test_trees_that_saw_nothing_come_expect_nothing(silence: int) -> None:
    found = [datetime(2025, 3, 10, 12, tzinfo=UTC) - timedelta(days=back) for back in (silence, silence - 10)]
    history = history_of(frame(found), timezone=SAO_PAULO.key, now=NOW, special_days={}, days_ahead=30)
    assert history is not None
    for hourly in (False, True):
        assert not fit(history, 30, hourly=hourly).predict(history, 30).any()


def test_one_wild_day_changes_little() -> None:
    """Neither trend nor rhythm may follow a single burst, nor a single silence."""
    found = instants(280, last=LAST)
    usual = forecast(frame(found), timezone=SAO_PAULO.key, now=NOW, special_days={}, grains=("day",)).rows
    wild = date(2025, 3, 6)
    burst = found + [datetime.combine(wild, clock(15, second), tzinfo=SAO_PAULO) for second in range(60)] * 10
    silent = [one for one in found if one.astimezone(SAO_PAULO).date() != wild]
    for changed in (burst, silent):
        rows = forecast(frame(changed), timezone=SAO_PAULO.key, now=NOW, special_days={}, grains=("day",)).rows
        assert rows["predicted"].sum() == pytest.approx(usual["predicted"].sum(), rel=0.08)


def test_a_fading_series_is_never_forecast_below_nothing() -> None:
    found = [one for one in instants(200, last=LAST) if hash(one) % 200 > (one.date() - date(2024, 8, 22)).days]
    made = forecast(frame(found), timezone=SAO_PAULO.key, now=NOW, special_days={})
    assert (made.rows[["predicted", "lower_80", "upper_80"]] >= 0).all().all()


def test_holidays_to_come_are_forecast_like_those_that_were() -> None:
    holidays: dict[date, DayKind] = {LAST - timedelta(days=back): "public" for back in range(9, 270, 15)}
    coming = date(2025, 3, 20)
    found = [
        one for one in instants(280, last=LAST) if one.astimezone(SAO_PAULO).date() not in holidays or one.minute < 12
    ]
    made = forecast(
        frame(found), timezone=SAO_PAULO.key, now=NOW, special_days={**holidays, coming: "public"}, grains=("day",)
    )
    expected = {
        at.astimezone(SAO_PAULO).date(): value
        for at, value in zip(made.rows["starts_at"], made.rows["predicted"], strict=True)
    }
    assert set(made.rows["model"]) <= {AVERAGE, "prophet", "boosted"}
    assert expected[coming] < 0.5 * expected[coming + timedelta(days=7)]


def test_nothing_after_the_moment_of_forecasting_is_known_to_it() -> None:
    """A fold of the backtest stands where it says: what came later changes none of its forecasts."""
    found, begins = instants(200, last=LAST), date(2025, 3, 1)
    later = [one for one in found if one.astimezone(SAO_PAULO).date() >= begins]
    whole, changed = (
        history_of(frame(events), timezone=SAO_PAULO.key, now=NOW, special_days={}, days_ahead=30)
        for events in (found, [*found, *later, *later])
    )
    assert whole is not None
    assert changed is not None
    origin = (begins - whole.first).days
    assert not np.array_equal(whole.daily, changed.daily)
    for hourly in (False, True):
        ours, theirs = (fit(one.until(origin), 30, hourly=hourly) for one in (whole, changed))
        assert np.array_equal(ours.predict(whole.until(origin), 30), theirs.predict(changed.until(origin), 30))
    assert np.array_equal(prophet(whole.until(origin), 30), prophet(changed.until(origin), 30))


def test_fitting_says_nothing_and_leaves_no_files(tmp_path: Path) -> None:
    code = """
import os
import pandas as pd
from ml.demand_forecast import forecast
observed = pd.DataFrame({"starts_at": pd.date_range("2024-06-01", "2025-01-01", freq="h", tz="UTC"), "count": 3})
observed["count"] += observed.index % 5
made = forecast(observed, timezone="UTC", now=pd.Timestamp("2025-01-01T12:00Z"), special_days={}, grains=("day",))
assert "prophet" in set(made.backtests["model"])
left = [file for _, _, files in os.walk(os.environ["TMPDIR"]) for file in files]
assert not left, left
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
