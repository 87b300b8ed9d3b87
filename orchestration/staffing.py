"""From a tenant's demand forecast and its people to the plan of the coming week, and to what another one would be."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import psycopg

from funil.errors import FunilError
from funil.staffing import StaffingSettings
from funil.tenants import Tenant
from ml.versions import STAFFING
from orchestration.plain_rows import plain_rows
from warehouse.connect import connect
from warehouse.staffing import TABLES, Week, planned_fingerprint, read_week, store_plan

if TYPE_CHECKING:
    import pandas as pd

    from ml.staffing import Person, Plan, Rules


@dataclass(frozen=True)
class Planned:
    """What planning one tenant's week came to; `note` says why none was planned."""

    note: str | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    changed: int = 0
    plan: Plan | None = None


def plan_week(dsn: str, tenant: Tenant) -> Planned:
    """Plans the coming week, unless the plan there is follows from the same forecast, hours and settings."""
    with connect(dsn, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        if tenant.staffing is None:
            gone = store_plan(connection, tenant.slug, {}) if planned_fingerprint(connection, tenant.slug) else {}
            return Planned(
                "tenants.yaml has no staffing for it: no week is planned",
                changed=sum(table.deleted for table in gone.values()),
            )
        week = read_week(connection, tenant)
        if week is None:
            return Planned("there is no forecast to plan a week from yet")
        fingerprint = _fingerprint(week, tenant.staffing, tenant)
        if planned_fingerprint(connection, tenant.slug) == fingerprint:
            return Planned("the plan follows from what is known")
        return _planned(connection, tenant, tenant.staffing, week, fingerprint)


def what_if(
    dsn: str,
    tenant: Tenant,
    *,
    more_people: int = 0,
    demand_times: float = 1.0,
    target: float | None = None,
    within_seconds: float | None = None,
) -> pd.DataFrame:
    """The coming week as it is and with something else, see `ml.staffing.what_if`; nothing is stored.

    Whoever comes in addition has every skill, time whenever it is open, the most hours of anybody, and costs the mean.
    Raises FunilError where there is nothing to plan from.
    """
    from ml.staffing import Person
    from ml.staffing import what_if as compared

    settings = tenant.staffing
    if settings is None:
        raise FunilError(
            f"Tenant '{tenant.slug}' has no 'staffing' in tenants.yaml: say there who can work when. "
            "See tenants.example.yaml."
        )
    with connect(dsn, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        week = read_week(connection, tenant)
    if week is None:
        raise FunilError(f"Tenant '{tenant.slug}' has no forecast by the hour yet: 'funil run' makes one.")
    people = _people(settings, week, tenant.timezone)
    new = [
        Person(
            f"one more {number}",
            frozenset(settings.skills),
            max(person.max_hours for person in people),
            sum(person.cost_per_hour for person in people) / len(people),
        )
        for number in range(1, more_people + 1)
    ]
    return compared(
        _demand(settings, week, tenant.timezone),
        people,
        _rules(settings, tenant),
        more_people=new,
        demand_times=demand_times,
        target=target,
        within_seconds=within_seconds,
    )


def _planned(
    connection: psycopg.Connection, tenant: Tenant, settings: StaffingSettings, week: Week, fingerprint: str
) -> Planned:
    import numpy as np

    from ml.staffing import overall_service_level, plan

    rules = _rules(settings, tenant)
    made = plan(_demand(settings, week, tenant.timezone), _people(settings, week, tenant.timezone), rules)
    whole = {
        "starts_on": week.starts[0].astimezone(ZoneInfo(tenant.timezone)).date(),
        "currency": tenant.currency,
        "cost": made.cost,
        "person_hours": int(made.shifts["hours"].sum()),
        "hours_short": made.hours_short,
        "extra_people": made.extra_people,
        "service_level": overall_service_level(made.hours),
        "target": rules.target,
        "within_seconds": rules.within_seconds,
        "share_for_people": week.share_for_people,
        "planned_from": week.planned_from,
        "fingerprint": fingerprint,
    }
    hours = made.hours.assign(wait_seconds=made.hours["wait_seconds"].replace(np.inf, np.nan))
    rows: dict[str, Sequence[Mapping[str, Any]]] = dict(
        zip(TABLES, ([whole], plain_rows(hours), plain_rows(made.shifts)), strict=True)
    )
    stored = store_plan(connection, tenant.slug, rows)
    return Planned(
        rows={table: len(own) for table, own in rows.items()},
        changed=sum(table.written + table.deleted for table in stored.values()),
        plan=made,
    )


def _demand(settings: StaffingSettings, week: Week, timezone: str) -> pd.DataFrame:
    """The conversations that people will have, by the hour and the skill they want."""
    import pandas as pd

    starts = pd.DatetimeIndex(list(week.starts)).tz_convert(timezone)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "starts_at": starts,
                    "skill": skill,
                    "predicted": [one * week.share_for_people * percent / 100 for one in week.predicted],
                    "is_open": list(week.is_open),
                }
            )
            for skill, percent in settings.skills.items()
        ],
        ignore_index=True,
    )


def _people(settings: StaffingSettings, week: Week, timezone: str) -> list[Person]:
    from ml.staffing import Person

    local = [start.astimezone(ZoneInfo(timezone)) for start in week.starts]
    return [
        Person(
            name,
            frozenset(one.skills or settings.skills),
            one.max_hours_per_week,
            float(one.cost_per_hour),
            frozenset(hour for hour, start in enumerate(local) if one.can_work(start)),
        )
        for name, one in settings.each()
    ]


def _rules(settings: StaffingSettings, tenant: Tenant) -> Rules:
    from ml.staffing import Rules

    within = settings.within or tenant.sla.first_response
    assert within is not None, "tenants.yaml was read without complaint"
    return Rules(
        within_seconds=within.total_seconds(),
        target=settings.target_percent / 100,
        handling_seconds=settings.handling_time.total_seconds(),
        at_once=settings.at_once,
        least_on_duty=settings.least_on_duty,
        shift_hours=settings.shift_hours,
    )


def _fingerprint(week: Week, settings: StaffingSettings, tenant: Tenant) -> str:
    """Of everything the plan follows from."""
    parts = (STAFFING, repr(astuple(week)), settings.model_dump_json(), str(tenant.sla.first_response), tenant.currency)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
