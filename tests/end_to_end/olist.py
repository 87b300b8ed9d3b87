"""The real marketing funnel of the shared data: where it is, what its README says, and its facts for the oracle."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.end_to_end.installation import ROOT, Installation
from tests.oracle.facts import Facts, frame

SHARED = Path(os.environ.get("FUNIL_SHARED") or ROOT.parent / "shared")
FOLDER = SHARED / "data" / "olist"
LOADER = SHARED / "tools" / "olist_bot_db.py"
ZONE = ZoneInfo("America/Sao_Paulo")

LEADS, CUSTOMERS, NOT_ZERO, WON_BEFORE_CONTACT, MEDIAN_DAYS = 8_000, 842, 45, 1, 14
REVENUE = Decimal("61784006.00")
FIRST_CONTACTS = (date(2017, 6, 14), date(2018, 5, 31))
WON = (date(2017, 12, 5), date(2018, 11, 14))
# source_channel -> leads, customers, revenue
CHANNELS = {
    None: (60, 14, 150_000),
    "direct traffic": (499, 56, 60_000),
    "display": (118, 6, 0),
    "email": (493, 15, 15_000),
    "organic search": (2_296, 271, 51_426_000),
    "other": (150, 4, 0),
    "other publicities": (65, 3, 0),
    "paid search": (1_586, 195, 9_169_000),
    "referral": (284, 24, 0),
    "social": (1_350, 75, 501_000),
    "unknown": (1_099, 179, 463_006),
}


def is_here() -> bool:
    return FOLDER.is_dir() and LOADER.is_file()


def move_in(installation: Installation, slug: str = "olist") -> None:
    """Loads the data set into a bot's database of its own, and makes it a tenant that has nothing but that bot."""
    installation.write_tenants()
    bot = installation.create_database(f"{slug}_bot")
    subprocess.run([sys.executable, str(LOADER), bot], check=True, capture_output=True, timeout=120)
    installation.variables["OLIST_BOT_DB"] = bot
    installation.tenants[slug] = {
        "slug": slug,
        "name": "Olist",
        "vertical": "shop",
        "timezone": "America/Sao_Paulo",
        "currency": "BRL",
        "country": "BR",
        "retention_months": 1200,
        "bot": {"database_url": "${OLIST_BOT_DB}"},
    }
    installation.write_tenants()


def instant(text: str) -> datetime:
    """A day or a time as the data set writes it: in Sao Paulo."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def facts(tenant_id: str) -> Facts:
    """The data set as the loader makes it a bot's: leads, landing pages as campaigns, deals as bookings."""
    leads = _rows("marketing_qualified_leads.csv")
    deals = _rows("closed_deals.csv")
    won = {deal["mql_id"]: instant(deal["won_date"]) for deal in deals}
    pages: dict[str, str] = {}
    for lead in leads:
        pages.setdefault(lead["landing_page_id"], lead["origin"] or "unknown")
    return Facts(
        tenant_id,
        leads=frame(
            "leads",
            [
                {
                    "lead_id": lead["mql_id"],
                    "source_channel": lead["origin"] or None,
                    "campaign_id": lead["landing_page_id"],
                    "status": "converted" if lead["mql_id"] in won else "new",
                    "created_at": instant(lead["first_contact_date"]),
                    "converted_at": won.get(lead["mql_id"]),
                }
                for lead in leads
            ],
        ),
        campaigns=frame("campaigns", [{"campaign_id": page, "channel": channel} for page, channel in pages.items()]),
        bookings=frame(
            "bookings",
            [
                {
                    "booking_id": f"deal-{deal['mql_id']}",
                    "lead_id": deal["mql_id"],
                    "procedure": deal["business_segment"] or None,
                    "value": Decimal(deal["declared_monthly_revenue"]) if deal["declared_monthly_revenue"] else None,
                    "currency": "BRL",
                    "booked_at": won[deal["mql_id"]],
                    "scheduled_for": won[deal["mql_id"]],
                    "status": "attended",
                }
                for deal in deals
            ],
        ),
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
