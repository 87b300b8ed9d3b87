"""The `staffing` block of tenants.yaml: who can work when, and what is promised to those who write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from decimal import Decimal
from typing import Self

from pydantic import Field, field_validator, model_validator

from funil.opening_hours import parse_business_hours
from funil.service_levels import Duration
from funil.strict import Strict

SKILL = "reception"
HOURS_OF_A_DAY = 24


class Staff(Strict):
    """One person, or several alike (`count`) who are told apart by a number."""

    name: str = Field(min_length=1)
    count: int = Field(default=1, ge=1, le=500)
    skills: tuple[str, ...] = ()
    """None named: all of them."""
    max_hours_per_week: int = Field(default=44, ge=1, le=168)
    cost_per_hour: Decimal = Field(ge=0)
    hours: dict[str, str] = Field(default_factory=dict)
    """When they can work, as business hours; none given: whenever it is open."""

    @field_validator("hours")
    @classmethod
    def _are_hours(cls, value: dict[str, str]) -> dict[str, str]:
        parse_business_hours(value)
        return value

    @property
    def names(self) -> list[str]:
        return [self.name] if self.count == 1 else [f"{self.name} {number}" for number in range(1, self.count + 1)]

    def can_work(self, start: datetime) -> bool:
        """Whether the hour that begins at `start`, a local time, lies whole within theirs."""
        if not self.hours:
            return True
        begins = 60 * start.hour + start.minute
        return any(
            shift.day_of_week == start.isoweekday() % 7
            and _minutes(shift.opens_at) <= begins
            and begins + 60 <= (24 * 60 if shift.closes_at is None else _minutes(shift.closes_at))
            for shift in parse_business_hours(self.hours)
        )


class StaffingSettings(Strict):
    people: tuple[Staff, ...] = Field(min_length=1)
    target_percent: float = Field(default=80.0, gt=0, lt=100)
    """Of those who write, so many are answered `within` that time."""
    within: Duration | None = None
    """Left out: the first_response of `sla`."""
    handling_time: Duration = Field(default="10m", validate_default=True)
    """What a conversation takes one person who does nothing else."""
    at_once: int = Field(default=1, ge=1, le=20)
    least_on_duty: int = Field(default=1, ge=0)
    shift_hours: tuple[int, ...] = (4, 6, 8)
    skills: dict[str, float] = Field(default_factory=lambda: {SKILL: 100.0})
    """Which share of the conversations wants which skill, in percent."""

    @field_validator("shift_hours")
    @classmethod
    def _are_lengths(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or min(value) < 1 or max(value) > HOURS_OF_A_DAY:
            raise ValueError("give one or more lengths of a shift, each 1 to 24 hours")
        return value

    @field_validator("skills")
    @classmethod
    def _are_shares(cls, value: dict[str, float]) -> dict[str, float]:
        if not value or min(value.values()) <= 0 or abs(sum(value.values()) - 100) > 0.01:
            raise ValueError("give each skill its share of the conversations in percent; together they are 100")
        return value

    @model_validator(mode="after")
    def _has_people_of_these_skills(self) -> Self:
        unknown = {skill for person in self.people for skill in person.skills} - set(self.skills)
        if unknown:
            raise ValueError(
                f"nobody asks for the skill '{min(unknown)}': name it under skills with its share, or drop it"
            )
        names = [name for person in self.people for name in person.names]
        if len(set(names)) < len(names):
            raise ValueError("two people have the same name: tell them apart")
        return self

    def each(self) -> Iterator[tuple[str, Staff]]:
        """Everybody by name, and what is said of them."""
        for person in self.people:
            for name in person.names:
                yield name, person


def _minutes(moment: time) -> int:
    return 60 * moment.hour + moment.minute
