"""Waiting times by Erlang C against a sum written out, and plans against every plan there is."""

from __future__ import annotations

import itertools
import math
import random
import time
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from ml.erlang import chance_to_wait, mean_wait, people_needed, servers_needed, service_level
from ml.staffing import Person, Rules, plan, what_if

START = pd.Timestamp("2026-11-16", tz="America/Sao_Paulo")
A, B, BOTH = frozenset("a"), frozenset("b"), frozenset("ab")


def written_out(load: Fraction, servers: int) -> float:
    """Erlang C as its definition has it, in exact fractions."""
    terms = [load**number / math.factorial(number) for number in range(servers)]
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    return float(last / (sum(terms) + last))


def demand(per_day: float, skills: str = "a", *, opens: int = 8, closes: int = 19, days: int = 7) -> pd.DataFrame:
    shape = np.array([1, 1, 1, 1, 1, 2, 4, 7, 12, 14, 15, 13, 10, 11, 13, 13, 12, 11, 9, 7, 6, 5, 3, 2], dtype=float)
    shape /= shape.sum()
    rows = []
    for hour in range(24 * days):
        start = START + pd.Timedelta(hours=hour)
        is_open = opens <= start.hour < closes and start.day_of_week < 6
        for skill in skills:
            rows.append((start, skill, per_day / len(skills) * shape[start.hour], is_open))
    return pd.DataFrame(rows, columns=["starts_at", "skill", "predicted", "is_open"])


@pytest.mark.parametrize(
    ("load", "servers"), [(Fraction(1, 3), 1), (Fraction(5, 2), 3), (Fraction(10), 14), (Fraction(97), 100)]
)
def test_the_chance_to_wait_is_erlangs(load: Fraction, servers: int) -> None:
    assert chance_to_wait(float(load), servers) == pytest.approx(written_out(load, servers), rel=1e-9)


def test_a_textbook_case() -> None:
    """100 calls in half an hour, 3 minutes each, 80 % within 20 seconds: 14 people, who reach 88.8 %."""
    assert servers_needed(200, 180, 20, 0.8) == 14
    assert service_level(200, 14, 180, 20) == pytest.approx(0.888, abs=5e-4)
    assert service_level(200, 13, 180, 20) < 0.8
    assert mean_wait(200, 14, 180) == pytest.approx(chance_to_wait(10, 14) * 180 / 4)


def test_without_enough_people_the_queue_only_grows() -> None:
    assert service_level(200, 10, 180, 20) == 0
    assert mean_wait(200, 10, 180) == math.inf
    assert (service_level(0, 0, 180, 20), mean_wait(0, 0, 180), servers_needed(0, 180, 20, 0.8)) == (1, 0, 0)


def test_who_writes_with_several_at_once_stands_for_as_many() -> None:
    assert list(people_needed(np.array([200.0, 0.0]), 180, 20, 0.8, at_once=3)) == [5, 0]


def best_by_trying(needed: np.ndarray, least: int, people: list[Person], lengths: tuple[int, ...]) -> tuple[int, float]:
    """Every choice of a shift or none for each person: fewest short, then cheapest."""
    hours = len(needed)
    shifts = [(first, length) for length in lengths for first in range(hours - length + 1)]
    options = [
        [None]
        + [
            (first, length)
            for first, length in shifts
            if length <= person.max_hours
            and (person.hours is None or set(range(first, first + length)) <= person.hours)
        ]
        for person in people
    ]
    best = (10**9, math.inf)
    for choice in itertools.product(*options):
        cost = sum(person.cost_per_hour * shift[1] for person, shift in zip(people, choice, strict=True) if shift)
        short = 0
        for hour in range(hours):
            there = [p for p, s in zip(people, choice, strict=True) if s and s[0] <= hour < s[0] + s[1]]
            unserved = int(needed[hour].sum()) - _served(there, tuple(needed[hour]))
            short += unserved + max(least - len(there) - unserved, 0)
        best = min(best, (short, cost))
    return best


def _served(there: list[Person], needs: tuple[int, ...]) -> int:
    if not there:
        return 0
    best = _served(there[1:], needs)
    for number, skill in enumerate("ab"[: len(needs)]):
        if skill in there[0].skills and needs[number]:
            fewer = tuple(need - (place == number) for place, need in enumerate(needs))
            best = max(best, 1 + _served(there[1:], fewer))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_no_plan_is_better_than_the_one_found(seed: int) -> None:
    """On days small enough to try all: random skills, hours, costs, some with too few people."""
    rng = random.Random(seed)
    people = [
        Person(
            f"p{number}",
            rng.choice([A, B, BOTH]),
            max_hours=rng.choice([2, 3, 4]),
            cost_per_hour=rng.choice([1.0, 1.5, 2.0]),
            hours=frozenset(range(rng.randrange(8, 11), 14)) if rng.random() < 0.4 else None,
        )
        for number in range(rng.choice([2, 3, 4]))
    ]
    rules = Rules(within_seconds=60, handling_seconds=300, least_on_duty=rng.choice([0, 1]), shift_hours=(2, 3, 4))
    asked = demand(1.0, "ab", days=1, opens=8, closes=14)
    asked["predicted"] = [rng.choice([0.0, 0.0, 0.3, 2.0]) if is_open else 0.0 for is_open in asked["is_open"]]
    made = plan(asked, people, rules)

    needed = made.hours.pivot(index="starts_at", columns="skill", values="needed").to_numpy()[8:14]
    shifted = [
        Person(p.name, p.skills, p.max_hours, p.cost_per_hour, p.hours and frozenset(hour - 8 for hour in p.hours))
        for p in people
    ]
    short, cost = best_by_trying(needed, rules.least_on_duty, shifted, rules.shift_hours)
    assert made.hours_short == short
    assert made.cost == pytest.approx(cost)
    for name, worked in made.shifts.groupby("person")["hours"].sum().items():
        assert worked <= next(p.max_hours for p in people if p.name == name)
    assert not made.shifts.duplicated("person").any()


def test_a_plan_that_holds_keeps_the_target_in_every_open_hour() -> None:
    people = [Person(f"p{number}", A, cost_per_hour=20) for number in range(14)]
    made = plan(demand(150), people, Rules(within_seconds=300, handling_seconds=600))
    assert made.is_feasible
    assert (made.hours["service_level"][made.hours["expected"] > 0] >= 0.8).all()
    closed = ~made.hours["starts_at"].map(lambda at: 8 <= at.hour < 19 and at.day_of_week < 6).astype(bool)
    assert (made.hours["on_duty"][closed] == 0).all()
    assert made.cost == 20 * made.shifts["hours"].sum()
    assert made.shifts.groupby("person")["hours"].sum().max() <= 44


def test_what_comes_at_night_waits_for_the_morning() -> None:
    asked = demand(150)
    made = plan(asked, [Person("p", A)], Rules(within_seconds=300))
    by_hour = made.hours.set_index("starts_at")["expected"]
    tuesday = START + pd.Timedelta(days=1, hours=8)
    night = (asked["starts_at"] > tuesday - pd.Timedelta(hours=14)) & (asked["starts_at"] <= tuesday)
    assert by_hour[tuesday] == pytest.approx(asked["predicted"][night].sum())


def test_too_few_people_are_told_by_how_many() -> None:
    made = plan(demand(150), [Person("alone", A)], Rules(within_seconds=300, handling_seconds=600))
    assert not made.is_feasible
    assert made.extra_people == made.hours["short"].max()
    assert made.hours_short == made.hours["short"].sum() > 0
    assert 40 <= made.shifts["hours"].sum() <= 44, "who is there works all they may"


def test_nobody_at_all_is_a_plan_too() -> None:
    made = plan(demand(10), [], Rules(within_seconds=300))
    assert (made.cost, len(made.shifts)) == (0, 0)
    assert made.hours_short > 0


def test_what_if() -> None:
    people, rules = [Person(f"p{number}", A) for number in range(3)], Rules(within_seconds=300, handling_seconds=600)
    asked = demand(150)
    more = what_if(asked, people, rules, more_people=[Person("new", A)])
    assert more.loc["what if", "hours_short"] < more.loc["as it is", "hours_short"]
    busier = what_if(asked, people, rules, demand_times=1.2)
    assert busier.loc["what if", "hours_short"] > busier.loc["as it is", "hours_short"]
    assert busier.loc["what if", "service_level"] < busier.loc["as it is", "service_level"]
    stricter = what_if(asked, people, rules, target=0.95)
    assert stricter.loc["what if", "hours_short"] > stricter.loc["as it is", "hours_short"]


def test_a_week_for_thirty_people_takes_a_second() -> None:
    kinds = [(A, 1.0), (B, 1.2), (BOTH, 1.4)]
    people = [
        Person(f"p{number}", kinds[number % 3][0], 44 if number % 2 else 30, kinds[number % 3][1])
        for number in range(30)
    ]
    began = time.process_time()
    made = plan(demand(300, "ab"), people, Rules(within_seconds=120, handling_seconds=300))
    assert time.process_time() - began <= 1
    assert made.is_feasible


@pytest.mark.parametrize("wrong", [{"target": 1.0}, {"within_seconds": 0}, {"shift_hours": ()}, {"at_once": 0}])
def test_rules_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must be|share|hours long"):
        Rules(**{"within_seconds": 60.0, **wrong})  # type: ignore[arg-type]
