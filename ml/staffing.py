"""Who works when in the coming week: the cheapest shifts that keep the target, or how far there are too few people.

How many are needed in an hour follows from the forecast by Erlang C (`ml.erlang`); which shifts cover that is an integer
program, solved exactly by HiGHS. Where it cannot be covered, the plan is the one with the fewest hours short, and among those
the cheapest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from ml.erlang import mean_wait, people_needed, service_level
from ml.shift_program import HOURS_OF_DAY, Crew, Solution, solve

HOUR_COLUMNS = ("starts_at", "skill", "expected", "needed", "on_duty", "short", "service_level", "wait_seconds")
SHIFT_COLUMNS = ("person", "starts_at", "ends_at", "hours", "cost")


@dataclass(frozen=True)
class Person:
    """`hours` are the hours of the plan (0 is the first) in which they could work; None is all."""

    name: str
    skills: frozenset[str]
    max_hours: int = 44
    cost_per_hour: float = 1.0
    hours: frozenset[int] | None = None


@dataclass(frozen=True)
class Rules:
    """What is promised and how work is organised. One shift a day and person, as long as one of `shift_hours`."""

    within_seconds: float
    target: float = 0.8
    handling_seconds: float = 600.0
    at_once: int = 1
    least_on_duty: int = 1
    shift_hours: tuple[int, ...] = (4, 6, 8)

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise ValueError("the target is a share between 0 and 1: no number of people keeps a promise always")
        if min(self.within_seconds, self.handling_seconds) <= 0 or self.at_once < 1 or self.least_on_duty < 0:
            raise ValueError("times and numbers of people must be positive")
        if not self.shift_hours or min(self.shift_hours) < 1 or max(self.shift_hours) > HOURS_OF_DAY:
            raise ValueError("a shift is 1 to 24 hours long")


@dataclass(frozen=True)
class Plan:
    """`hours` has `HOUR_COLUMNS`, a row per hour and skill; `shifts` has `SHIFT_COLUMNS`, a row per person and day."""

    hours: pd.DataFrame = field(repr=False)
    shifts: pd.DataFrame = field(repr=False)
    cost: float
    hours_short: float
    """People missing, summed over the hours and skills; 0 where the target is kept throughout."""
    extra_people: int
    """How many are missing in the worst hour: at least so many more would be needed then."""

    @property
    def is_feasible(self) -> bool:
        return self.hours_short == 0


def plan(demand: pd.DataFrame, people: Sequence[Person], rules: Rules) -> Plan:
    """The shifts of as many whole days as `demand` has.

    `demand` has a row per hour and skill, whole local days from midnight on: `starts_at` (aware, local), `skill`,
    `predicted` (conversations begun) and `is_open`. What comes while closed waits for the next open hour. In an open hour
    at least `rules.least_on_duty` people are there, whatever their skill.
    """
    skills = sorted(demand["skill"].unique())
    starts = pd.DatetimeIndex(sorted(demand["starts_at"].unique()))
    arriving = _table(demand, "predicted", starts, skills)
    is_open = np.asarray(_table(demand, "is_open", starts, skills).any(axis=1))
    waiting = _from_opening_on(arriving, is_open)
    needed = np.column_stack(
        [
            people_needed(waiting[:, number], rules.handling_seconds, rules.within_seconds, rules.target, rules.at_once)
            for number in range(len(skills))
        ]
    )
    day, _ = _position(starts)
    crews = _crews(people, skills, len(starts))
    found = solve(needed, np.where(is_open, rules.least_on_duty, 0), is_open, day, crews, rules.shift_hours)
    return _told(found, starts, skills, waiting, needed, rules, {person.name: person for person in people})


def what_if(
    demand: pd.DataFrame,
    people: Sequence[Person],
    rules: Rules,
    *,
    more_people: Iterable[Person] = (),
    demand_times: float = 1.0,
    target: float | None = None,
    within_seconds: float | None = None,
) -> pd.DataFrame:
    """Two rows, `as it is` and `what if`: cost, hours_short, extra_people, person_hours, service_level (of all customers)."""
    changed = replace(
        rules,
        target=rules.target if target is None else target,
        within_seconds=rules.within_seconds if within_seconds is None else within_seconds,
    )
    other = plan(demand.assign(predicted=demand["predicted"] * demand_times), [*people, *more_people], changed)
    rows = {"as it is": plan(demand, people, rules), "what if": other}
    return pd.DataFrame(
        {
            name: {
                "cost": made.cost,
                "hours_short": made.hours_short,
                "extra_people": made.extra_people,
                "person_hours": float(made.shifts["hours"].sum()),
                "service_level": overall_service_level(made.hours),
            }
            for name, made in rows.items()
        }
    ).T


def overall_service_level(hours: pd.DataFrame) -> float:
    """The share of all who are expected that does not wait longer than promised; `hours` are a plan's."""
    expected = hours["expected"].to_numpy()
    return float(np.average(hours["service_level"], weights=expected)) if expected.sum() > 0 else 1.0


def _table(demand: pd.DataFrame, column: str, starts: pd.DatetimeIndex, skills: Sequence[str]) -> np.ndarray:
    wide = demand.pivot(index="starts_at", columns="skill", values=column)
    return np.asarray(wide.reindex(index=starts, columns=list(skills)).fillna(0).to_numpy(dtype=float))


def _from_opening_on(arriving: np.ndarray, is_open: np.ndarray) -> np.ndarray:
    """What comes while closed is there when it opens; after the last closing, it belongs to another week."""
    waiting = np.zeros_like(arriving)
    carried = np.zeros(arriving.shape[1])
    for hour, rates in enumerate(arriving):
        if is_open[hour]:
            waiting[hour] = rates + carried
            carried = np.zeros_like(carried)
        else:
            carried += rates
    return waiting


def _position(starts: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    days = starts.tz_localize(None).normalize()
    return ((days - days[0]) // pd.Timedelta(days=1)).to_numpy(), starts.hour.to_numpy()


def _crews(people: Sequence[Person], skills: Sequence[str], hours: int) -> list[Crew]:
    """People who are alike in all that matters are planned together, and told apart afterwards."""
    alike: dict[Person, list[str]] = {}
    for person in people:
        alike.setdefault(replace(person, name=""), []).append(person.name)
    return [
        Crew(
            tuple(names),
            np.array([skill in kind.skills for skill in skills]),
            kind.max_hours,
            kind.cost_per_hour,
            np.array([kind.hours is None or hour in kind.hours for hour in range(hours)]),
        )
        for kind, names in alike.items()
    ]


def _told(
    found: Solution,
    starts: pd.DatetimeIndex,
    skills: Sequence[str],
    waiting: np.ndarray,
    needed: np.ndarray,
    rules: Rules,
    people: dict[str, Person],
) -> Plan:
    rows = []
    for hour, start in enumerate(starts):
        for number, skill in enumerate(skills):
            on_duty = int(found.on_duty[hour, number])
            servers = on_duty * rules.at_once
            rate = float(waiting[hour, number])
            rows.append(
                (
                    start,
                    skill,
                    rate,
                    int(needed[hour, number]),
                    on_duty,
                    max(int(needed[hour, number]) - on_duty, 0),
                    service_level(rate, servers, rules.handling_seconds, rules.within_seconds),
                    mean_wait(rate, servers, rules.handling_seconds),
                )
            )
    shifts = [
        (
            name,
            starts[first],
            starts[first] + pd.Timedelta(hours=length),
            length,
            length * people[name].cost_per_hour,
        )
        for name, first, length in found.shifts
    ]
    return Plan(
        pd.DataFrame(rows, columns=pd.Index(HOUR_COLUMNS)),
        pd.DataFrame(sorted(shifts, key=lambda row: (row[1], row[0])), columns=pd.Index(SHIFT_COLUMNS)),
        float(sum(row[4] for row in shifts)),
        found.short,
        found.worst,
    )
