"""The days a tenant is closed: its country's and subdivision's holidays, corrected by hand."""

from __future__ import annotations

from datetime import date
from functools import cache

from funil.errors import FunilError
from funil.tenants import Tenant

# The past stays as it was, so that an old conversation's business hours never change by the mere passing of time: the
# range begins before Chatwoot did, and only its end moves.
FIRST_YEAR = 2015
YEARS_AHEAD = 2


def closed_days(tenant: Tenant, today: date) -> dict[date, str]:
    """Each closed day from 2015 to two years ahead, and why. Raises FunilError for a place without a calendar."""
    categories = ("public", "optional") if tenant.holidays == "public+optional" else ("public",)
    try:
        calendar = _holidays(tenant.country, tenant.subdivision, categories, tenant.locale, today.year + YEARS_AHEAD)
        days = dict(calendar)
    except NotImplementedError:
        place = tenant.country + (f", subdivision {tenant.subdivision}" if tenant.subdivision else "")
        raise FunilError(
            f"Tenant '{tenant.slug}': there is no calendar of holidays for country {place}. Correct 'country' or "
            "'subdivision' in tenants.yaml."
        ) from None
    for day in tenant.closed_days:
        days.setdefault(day, "closed_days in tenants.yaml")
    for day in tenant.open_days:
        days.pop(day, None)
    return days


@cache
def _holidays(
    country: str, subdivision: str | None, wanted: tuple[str, ...], locale: str, last_year: int
) -> dict[date, str]:
    import holidays  # takes a moment, which processes that store nothing need not wait

    known = holidays.country_holidays(country, subdiv=subdivision)
    # Always a language of our own choosing: left alone, the package takes the process's, and the names would flap.
    language = locale.replace("-", "_")
    return dict(
        holidays.country_holidays(
            country,
            subdiv=subdivision,
            years=range(FIRST_YEAR, last_year + 1),
            categories=tuple(category for category in wanted if category in known.supported_categories),
            language=language if language in known.supported_languages else known.default_language,
        )
    )
