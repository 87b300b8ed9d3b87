"""Revenue to come, budgets, what customers are worth and what prices do: on businesses whose rules are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml import budget, customers, revenue

TODAY = pd.Timestamp("2026-06-11")


def bookings(*, seed: int = 0, growth: float = 0.0, per_day: float = 3.0, days: int = 400) -> pd.DataFrame:
    """Bookings made one to forty days ahead, of which four in five are kept; a share of them lies ahead of today."""
    random = np.random.default_rng(seed)
    first = TODAY - pd.Timedelta(days=days)
    rate = per_day * np.exp(growth * np.arange(days) / 30)
    booked = np.repeat(np.arange(days), random.poisson(rate))
    rows = pd.DataFrame({"booked_on": first + pd.to_timedelta(booked, unit="D")})
    rows["due_on"] = rows["booked_on"] + pd.to_timedelta(random.integers(1, 41, len(rows)), unit="D")
    rows["value"] = random.choice([100.0, 200.0], len(rows))
    over = rows["due_on"] < TODAY
    rows["is_attended"] = (random.random(len(rows)) < 0.8) & over
    rows["settled_on"] = rows["due_on"].where(over)
    return rows


def test_months_to_come_rest_on_what_is_booked_and_what_is_usual() -> None:
    found = revenue.forecast(bookings(), today=TODAY)
    usual = 3 * 150 * 0.8
    assert list(found["month"].astype(str)) == [f"2026-{month:02d}-01" for month in range(6, 12)]
    days = pd.PeriodIndex(pd.to_datetime(found["month"]), freq="M").days_in_month
    assert found["expected"].to_numpy() == pytest.approx(usual * days.to_numpy(), rel=0.2)
    assert (found["lower_80"] <= found["expected"]).all()
    assert (found["expected"] <= found["upper_80"]).all()
    pipeline = found["from_pipeline"].to_numpy()
    assert pipeline[0] > pipeline[2] == 0, "nobody books more than forty days ahead"
    assert found["so_far"].tolist()[1:] == [0.0] * 5
    assert (found["backtest_wape"] <= found["baseline_wape"]).all()


def test_the_interval_holds_what_it_promises() -> None:
    """Standing in the past at many businesses' months: four in five of what came lies inside."""
    inside, said = 0, 0
    for seed in range(8):
        rows = bookings(seed=seed, days=500)
        origin = pd.Timestamp("2026-03-01")
        then = rows[rows["booked_on"] <= origin].assign(
            is_attended=rows["is_attended"] & (rows["due_on"] < origin),
            settled_on=rows["settled_on"].where(rows["due_on"] < origin),
        )
        found = revenue.forecast(then, today=origin, months=3).set_index("month")
        kept = rows[rows["is_attended"]]
        actual = kept.groupby(kept["due_on"].dt.to_period("M").dt.start_time.dt.date)["value"].sum()
        inside += int(((found["lower_80"] <= actual[found.index]) & (actual[found.index] <= found["upper_80"])).sum())
        said += len(found)
    assert 0.65 <= inside / said <= 1.0


def test_what_is_booked_beats_the_mean_of_late_where_the_business_changes() -> None:
    found = revenue.forecast(bookings(growth=0.05, seed=3), today=TODAY)
    assert found["method"].iloc[0] != revenue.BASELINE
    assert (found["backtest_wape"] < found["baseline_wape"]).all()
    assert revenue.forecast(bookings(days=100), today=TODAY).empty, "a hundred days are too few"


def test_a_cancelled_booking_is_no_pipeline() -> None:
    rows = bookings()
    ahead = rows["due_on"] >= TODAY
    cancelled = rows.assign(settled_on=rows["settled_on"].where(~ahead, TODAY - pd.Timedelta(days=1)))
    assert revenue.forecast(cancelled, today=TODAY)["from_pipeline"].sum() == 0


def weeks(
    gain: float, *, organic: float = 2.0, power: float = 0.5, levels: tuple[float, ...] = (0, 100, 400), seed: int = 0
) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    cost = np.tile(np.repeat(levels, 6), 12)[:104].astype(float)
    unit = cost[cost > 0].mean() if (cost > 0).any() else 1.0
    return pd.DataFrame(
        {"cost": cost, "customers": random.poisson(organic + gain * (cost / unit) ** power * (cost > 0))}
    )


def test_money_moves_to_the_channel_where_it_brings_more() -> None:
    responses = {
        "strong": budget.fit(weeks(12.0), "strong"),
        "weak": budget.fit(weeks(3.0, seed=1), "weak"),
        "unknown": budget.fit(weeks(5.0, levels=(100,)), "unknown"),
    }
    assert responses["strong"].gain.mean() == pytest.approx(12, rel=0.25)
    advice = budget.allocate(responses, budget=500.0).set_index("channel")
    assert advice.loc["unknown", "verdict"] == "cannot be told: its cost hardly ever changed"
    assert advice.loc["unknown", "cost_advised"] == advice.loc["unknown", "cost_now"] == 100
    assert advice.loc["strong", "cost_advised"] > 2 * advice.loc["weak", "cost_advised"]
    assert advice["cost_advised"].sum() <= 500 + 1e-6
    assert (advice["cost_advised"] <= 400 + 1e-6).all(), "never more than was ever tried"
    # equal marginal returns, as calculus has it: 12 / sqrt(376) = 3 / sqrt(24)
    assert advice.loc["strong", "cost_advised"] == pytest.approx(376, abs=50)
    assert (advice["gain_lower_80"] <= advice["gain"]).all()
    assert (advice["gain"] <= advice["gain_upper_80"]).all()


def test_where_the_data_cannot_tell_it_says_so() -> None:
    refusals = {
        "without effect": budget.fit(weeks(0.0, organic=6), "a").refusal,
        "few weeks": budget.fit(weeks(9.0).head(11), "b").refusal,
        "few customers": budget.fit(weeks(0.05, organic=0.05), "c").refusal,
        "no costs": budget.fit(weeks(9.0, levels=(0,)), "d").refusal,
    }
    assert all(refusals.values()), refusals
    assert refusals["without effect"] == "its customers cannot be told from those who come anyway"
    one = {"a": budget.fit(weeks(12.0), "a")}
    assert budget.allocate(one, 500.0)["verdict"].tolist() == ["keep: there is no second channel that can be told"]


def test_an_ineffective_channel_is_rarely_taken_for_an_effective_one() -> None:
    told = sum(budget.fit(weeks(0.0, organic=6, seed=seed), "a").refusal is None for seed in range(40))
    assert told <= 6


def people(worth: dict[str, float], each: int = 200) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Customers of the past two years who spend so much every 30 days, by segment."""
    random = np.random.default_rng(0)
    now = pd.Timestamp("2026-06-01", tz="UTC")
    known = pd.DataFrame({"segment": np.repeat(list(worth), each)})
    known["person_id"] = [f"p{number}" for number in range(len(known))]
    known["customer_since"] = now - pd.to_timedelta(random.integers(0, 700, len(known)), unit="D")
    spent = known.loc[known.index.repeat(24)].reset_index(drop=True)
    spent["at"] = spent["customer_since"] + pd.to_timedelta(np.tile(np.arange(24) * 30 + 3, len(known)), unit="D")
    spent["value"] = spent["segment"].map(worth) * random.uniform(0.5, 1.5, len(spent))
    return known, spent[spent["at"] < now]


def test_a_customers_first_year_is_not_shortened_by_those_who_came_lately() -> None:
    known, spent = people({"google": 100.0, "tiktok": 20.0})
    found = customers.values(known, spent, now=pd.Timestamp("2026-06-01", tz="UTC")).set_index("segment")
    assert found["months"].tolist() == [12, 12]
    # 200 of its own and 20 customers' weight of both: 1,200 and 240 a year, 720 over all
    assert found.loc["google", "value"] == pytest.approx((200 * 1200 + 20 * 720) / 220, rel=0.05)
    assert found.loc["tiktok", "value"] == pytest.approx((200 * 240 + 20 * 720) / 220, rel=0.05)
    assert (found["lower_80"] < found["value"]).all()
    assert (found["value"] < found["upper_80"]).all()


def test_a_small_segment_has_the_value_of_all() -> None:
    known, spent = people({"google": 100.0, "radio": 500.0})
    few = known[(known["segment"] != "radio") | (known.index % 10 == 0)]
    found = customers.values(few, spent, now=pd.Timestamp("2026-06-01", tz="UTC")).set_index("segment")
    assert found["is_own"].to_dict() == {"google": True, "radio": False}
    assert found.loc["radio", "value"] < 3000
    assert customers.values(known.head(0), spent, now=TODAY.tz_localize("UTC")).empty


def test_prices_are_judged_only_where_they_varied() -> None:
    random = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "procedure": np.repeat(["minded", "fixed", "unminded", "free"], 1500),
            "value": np.concatenate(
                [
                    random.choice([90, 100, 110, 130], 1500),
                    np.full(1500, 80),
                    random.choice([45, 50, 55], 1500),
                    np.zeros(1500),
                ]
            ),
        }
    )
    minds = rows["procedure"] == "minded"
    chance = 1 / (1 + np.exp(-(1.0 - np.where(minds, 5.0, 0.0) * np.log(np.where(minds, rows["value"], 100) / 100))))
    rows["is_attended"] = random.random(len(rows)) < chance
    found = customers.price_responses(rows).set_index("procedure")
    assert sorted(found.index) == ["fixed", "minded", "unminded"]
    assert found.loc["fixed", "verdict"] == "cannot be told: its price hardly varied"
    assert found.loc["minded", "verdict"] == "people mind"
    # p(1 - p) = 0.1966 at the usual price, times 5 times log 1.1
    assert found.loc["minded", "effect"] == pytest.approx(-5 * np.log(1.1) * 0.19, rel=0.3)
    assert abs(found.loc["unminded", "effect"]) < 0.05
