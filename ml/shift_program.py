"""The integer program behind a staffing plan: which shifts, by whom, so that every hour has the people it needs.

Variables are how many of a crew take a shift, which of its people serve which skill in an hour, and what is missing. People
who are alike form one crew, which takes away the symmetry that makes such programs slow; their shifts are then dealt out
to them. Should that not work out (a week's hours are a matter of the person, not of the crew), each is planned alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

HOURS_OF_DAY = 24
_SECONDS = 20.0
_EXACT = 1e-6


@dataclass(frozen=True)
class Crew:
    """People alike: `able` by hour of the plan, `skills` by skill, `max_hours` for each of them."""

    names: tuple[str, ...]
    skills: np.ndarray
    max_hours: int
    cost_per_hour: float
    able: np.ndarray


class Shift(NamedTuple):
    crew: int
    day: int
    first: int
    length: int


@dataclass(frozen=True)
class Solution:
    """`shifts` are (name, first hour, length); `on_duty` (hours, skills) who serves what; `short` people times hours."""

    shifts: list[tuple[str, int, int]]
    on_duty: np.ndarray
    short: float
    worst: int


def solve(
    needed: np.ndarray,
    least: np.ndarray,
    is_open: np.ndarray,
    day: np.ndarray,
    crews: Sequence[Crew],
    lengths: Sequence[int],
) -> Solution:
    """The cheapest shifts for `needed` (hours, skills) and at least `least` (hours) in all; else those with the fewest short."""
    crews = [*crews]
    program = _Program(needed, least, is_open, day, crews, lengths)
    counts = program.solved()
    dealt = _deal(program.shifts, counts, crews)
    if dealt is None:
        crews = [
            Crew((name,), crew.skills, crew.max_hours, crew.cost_per_hour, crew.able)
            for crew in crews
            for name in crew.names
        ]
        program = _Program(needed, least, is_open, day, crews, lengths)
        counts = program.solved()
        dealt = _deal(program.shifts, counts, crews)
        assert dealt is not None, "a crew of one takes what it was given"
    on_duty, short = program.serving, program.missing
    return Solution(dealt, on_duty, float(short.sum()), int(short.sum(axis=1).max(initial=0)))


class _Program:
    """Columns: shifts (integer), serving by crew, hour and skill, missing by hour and skill, missing by hour in all."""

    def __init__(
        self,
        needed: np.ndarray,
        least: np.ndarray,
        is_open: np.ndarray,
        day: np.ndarray,
        crews: Sequence[Crew],
        lengths: Sequence[int],
    ) -> None:
        self._needed, self._least, self._crews = needed, least, crews
        hours, skills = needed.shape
        self.shifts = [
            Shift(number, int(day[first]), first, length)
            for number, crew in enumerate(crews)
            for length in lengths
            for first in range(hours - length + 1)
            if day[first] == day[first + length - 1] and (is_open & crew.able)[first : first + length].all()
        ]
        self._serves = [
            (number, hour, skill)
            for number, crew in enumerate(crews)
            for hour in np.flatnonzero(needed.any(axis=1) & crew.able & is_open).tolist()
            for skill in range(skills)
            if crew.skills[skill] and needed[hour, skill]
        ]
        self._lacks = [(hour, skill) for hour in range(hours) for skill in range(skills) if needed[hour, skill]]
        self._alone = [hour for hour in range(hours) if least[hour]]
        self._columns = len(self.shifts) + len(self._serves) + len(self._lacks) + len(self._alone)
        self._constraints = self._rows()
        self.serving = np.zeros_like(needed)
        self.missing = np.zeros((hours, skills + 1))

    def solved(self) -> np.ndarray:
        """How many take each shift. First without anybody missing; if that cannot be, with as few as can be."""
        cost = np.zeros(self._columns)
        for column, shift in enumerate(self.shifts):
            cost[column] = self._crews[shift.crew].cost_per_hour * shift.length
        lacking = np.zeros(self._columns)
        lacking[len(self.shifts) + len(self._serves) :] = 1.0
        none_missing = LinearConstraint(csr_array(lacking[None, :]), -np.inf, 0)
        found = self._minimal(cost, none_missing)
        if found is None:
            fewest = self._minimal(lacking, None)
            assert fewest is not None, "with people missing every demand can be met"
            at_most = LinearConstraint(csr_array(lacking[None, :]), -np.inf, round(float(lacking @ fewest)) + _EXACT)
            found = self._minimal(cost, at_most)
            found = fewest if found is None else found
        self._read(found)
        return np.round(found[: len(self.shifts)]).astype(int)

    def _minimal(self, objective: np.ndarray, more: LinearConstraint | None) -> np.ndarray | None:
        upper = np.full(self._columns, np.inf)
        for column, shift in enumerate(self.shifts):
            upper[column] = len(self._crews[shift.crew].names)
        result = milp(
            objective,
            integrality=np.ones(self._columns),
            bounds=Bounds(0, upper),
            constraints=[*self._constraints, *([more] if more is not None else [])],
            options={"time_limit": _SECONDS, "mip_rel_gap": 0.0},
        )
        if result.status == 2:  # infeasible
            return None
        if result.x is None:
            raise RuntimeError(f"the staffing plan was not solved within {_SECONDS:.0f} s: {result.message}")
        return np.asarray(result.x)

    def _rows(self) -> list[LinearConstraint]:
        shifts, serves = len(self.shifts), len(self._serves)
        rows = _Rows(self._columns)
        there: dict[tuple[int, int], list[int]] = {}
        taken: dict[tuple[int, int], list[int]] = {}
        worked: dict[int, list[tuple[int, int]]] = {}
        for column, shift in enumerate(self.shifts):
            taken.setdefault((shift.crew, shift.day), []).append(column)
            worked.setdefault(shift.crew, []).append((column, shift.length))
            for hour in range(shift.first, shift.first + shift.length):
                there.setdefault((shift.crew, hour), []).append(column)
        serving: dict[tuple[int, int], list[int]] = {}
        by_need: dict[tuple[int, int], list[int]] = {}
        for number, (crew, hour, skill) in enumerate(self._serves):
            serving.setdefault((crew, hour), []).append(shifts + number)
            by_need.setdefault((hour, skill), []).append(shifts + number)
        missing: dict[int, list[int]] = {}
        for number, need in enumerate(self._lacks):
            missing.setdefault(need[0], []).append(shifts + serves + number)
            columns = [*by_need.get(need, []), shifts + serves + number]
            rows.add([(column, 1.0) for column in columns], low=float(self._needed[need]))
        for number, hour in enumerate(self._alone):
            everybody = [column for crew in range(len(self._crews)) for column in there.get((crew, hour), [])]
            # whoever is missing for a skill would be there as well
            columns = [*everybody, *missing.get(hour, []), shifts + serves + len(self._lacks) + number]
            rows.add([(column, 1.0) for column in columns], low=float(self._least[hour]))
        for place, columns in serving.items():
            rows.add([(one, 1.0) for one in columns] + [(one, -1.0) for one in there.get(place, [])], high=0.0)
        for (crew, _), columns in taken.items():
            rows.add([(one, 1.0) for one in columns], high=float(len(self._crews[crew].names)))
        for crew, lengths in worked.items():
            most = self._crews[crew].max_hours * len(self._crews[crew].names)
            rows.add([(column, float(length)) for column, length in lengths], high=float(most))
        return rows.constraints()

    def _read(self, found: np.ndarray) -> None:
        shifts, serves = len(self.shifts), len(self._serves)
        for (_, hour, skill), value in zip(self._serves, np.round(found[shifts : shifts + serves]), strict=True):
            self.serving[hour, skill] += int(value)
        rest = np.round(found[shifts + serves :])
        for (hour, skill), value in zip(self._lacks, rest[: len(self._lacks)], strict=True):
            self.missing[hour, skill] = value
        for hour, value in zip(self._alone, rest[len(self._lacks) :], strict=True):
            self.missing[hour, -1] = value


class _Rows:
    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._row: list[int] = []
        self._column: list[int] = []
        self._value: list[float] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def add(self, terms: Sequence[tuple[int, float]], *, low: float = -np.inf, high: float = np.inf) -> None:
        for column, value in terms:
            self._row.append(len(self._low))
            self._column.append(column)
            self._value.append(value)
        self._low.append(low)
        self._high.append(high)

    def constraints(self) -> list[LinearConstraint]:
        if not self._low:
            return []
        matrix = csr_array((self._value, (self._row, self._column)), shape=(len(self._low), self._columns))
        return [LinearConstraint(matrix, self._low, self._high)]


def _deal(shifts: Sequence[Shift], counts: np.ndarray, crews: Sequence[Crew]) -> list[tuple[str, int, int]] | None:
    """Each crew's shifts to its people, one a day, the longest first to whoever has the most hours left; None if it fails."""
    dealt: list[tuple[str, int, int]] = []
    left = {name: crew.max_hours for crew in crews for name in crew.names}
    busy: set[tuple[str, int]] = set()
    given = [shift for shift, count in zip(shifts, counts, strict=True) for _ in range(count)]
    for shift in sorted(given, key=lambda one: (-one.length, one.day, one.first)):
        able = [
            name for name in crews[shift.crew].names if (name, shift.day) not in busy and left[name] >= shift.length
        ]
        if not able:
            return None
        name = max(able, key=left.__getitem__)
        left[name] -= shift.length
        busy.add((name, shift.day))
        dealt.append((name, shift.first, shift.length))
    return dealt
