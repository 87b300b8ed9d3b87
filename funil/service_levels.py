"""The `sla` block of tenants.yaml: how long a customer may wait, for all and for some inboxes and priorities."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Field, model_validator

from funil.strict import Strict

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(value: Any) -> Any:
    """`90s`, `5m`, `1h30m`, `2d` as a timedelta; anything else is left for pydantic to refuse."""
    if not isinstance(value, str):
        raise ValueError("write a duration such as 30s, 5m, 1h30m or 2d")
    parts = _DURATION.findall(value)
    if not parts or _DURATION.sub("", value).strip():
        raise ValueError("write a duration such as 30s, 5m, 1h30m or 2d")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds <= 0:
        raise ValueError("a threshold must be longer than nothing")
    return timedelta(seconds=seconds)


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Priority = Literal["low", "medium", "high", "urgent"]


class Thresholds(Strict):
    """How long each may take; a missing one is not measured."""

    first_response: Duration | None = None
    next_response: Duration | None = None
    resolution: Duration | None = None

    @property
    def seconds(self) -> dict[str, int]:
        """Whole seconds by metric, of the thresholds that are given."""
        given = (
            ("first_response", self.first_response),
            ("next_response", self.next_response),
            ("resolution", self.resolution),
        )
        return {metric: round(threshold.total_seconds()) for metric, threshold in given if threshold is not None}


class SlaOverride(Thresholds):
    """Other thresholds for the conversations of an inbox, of a priority, or both; what it leaves out stays as it is."""

    inbox: int | None = Field(default=None, ge=1)
    """Chatwoot's id of the inbox."""
    priority: Priority | None = None
    business_hours_only: bool | None = None

    @model_validator(mode="after")
    def _says_for_whom_and_what(self) -> Self:
        if self.inbox is None and self.priority is None:
            raise ValueError("an override is for an inbox, a priority or both: give at least one")
        if not self.seconds:
            raise ValueError("an override without a threshold changes nothing: give at least one")
        return self


class Policy(NamedTuple):
    """One threshold and whom it is for; None is everybody."""

    metric: str
    inbox: int | None
    priority: str | None
    threshold_seconds: int
    business_hours_only: bool


class SlaSettings(Thresholds):
    business_hours_only: bool = False
    overrides: tuple[SlaOverride, ...] = ()

    @model_validator(mode="after")
    def _has_one_override_for_each(self) -> Self:
        whom = [(override.inbox, override.priority) for override in self.overrides]
        if len(set(whom)) < len(whom):
            raise ValueError("two overrides are for the same inbox and priority: make them one")
        return self

    @property
    def policies(self) -> list[Policy]:
        """Every threshold of the block. Of those that fit a conversation, the one for its inbox and priority wins,
        then the one for its priority, then the one for its inbox."""
        found = [
            Policy(metric, None, None, seconds, self.business_hours_only) for metric, seconds in self.seconds.items()
        ]
        for override in self.overrides:
            hours = self.business_hours_only if override.business_hours_only is None else override.business_hours_only
            found += [
                Policy(metric, override.inbox, override.priority, seconds, hours)
                for metric, seconds in override.seconds.items()
            ]
        return found
