"""The days a tenant is closed: its country's and subdivision's holidays, corrected by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Literal

from funil.errors import FunilError
from funil.tenants import Tenant

# The past stays as it was, so that an old conversation's business hours never change by the mere passing of time: the
# range begins before Chatwoot did, and only its end moves.
FIRST_YEAR = 2015
YEARS_AHEAD = 2


DayKind = Literal["optional", "public", "closed"]


def closed_days(tenant: Tenant, today: date) -> dict[date, str]:
    """Each closed day from 2015 to two years ahead, and why. Raises FunilError for a place without a calendar."""
    days = _calendar(tenant, today, ("public", "optional") if tenant.holidays == "public+optional" else ("public",))
    for day in tenant.closed_days:
        days.setdefault(day, "closed_days in tenants.yaml")
    for day in tenant.open_days:
        days.pop(day, None)
    return days


def special_days(tenant: Tenant, today: date) -> dict[date, DayKind]:
    """Each day from 2015 to two years ahead that is not like others: whether or not the tenant is closed on an optional
    holiday, its customers live by the country's calendar. Raises FunilError for a place without one."""
    days: dict[date, DayKind] = dict.fromkeys(tenant.closed_days, "closed")
    days |= dict.fromkeys(_calendar(tenant, today, ("optional",)), "optional")
    days |= dict.fromkeys(_calendar(tenant, today, ("public",)), "public")
    for day in tenant.open_days:
        days.pop(day, None)
    return days


def _calendar(tenant: Tenant, today: date, categories: Iterable[str]) -> dict[date, str]:
    try:
        return dict(
            _holidays(tenant.country, tenant.subdivision, tuple(categories), tenant.locale, today.year + YEARS_AHEAD)
        )
    except NotImplementedError:
        place = tenant.country + (f", subdivision {tenant.subdivision}" if tenant.subdivision else "")
        raise FunilError(
            f"Tenant '{tenant.slug}': there is no calendar of holidays for country {place}. Correct 'country' or "
            "'subdivision' in tenants.yaml."
        ) from None


@cache
def _holidays(
    country: str, subdivision: str | None, wanted: tuple[str, ...], locale: str, last_year: int
) -> dict[date, str]:
    import holidays  # takes a moment, which processes that store nothing need not wait

    known = holidays.country_holidays(country, subdiv=subdivision)
    categories = tuple(category for category in wanted if category in known.supported_categories)
    if not categories:
        return {}
    # Always a language of our own choosing: left alone, the package takes the process's, and the names would flap.
    language = locale.replace("-", "_")
    return dict(
        holidays.country_holidays(
            country,
            subdiv=subdivision,
            years=range(FIRST_YEAR, last_year + 1),
            categories=categories,
            language=language if language in known.supported_languages else known.default_language,
        )
    )
