"""funnel_daily: people by the local day of their first contact and where they came from, and how far they got."""

from __future__ import annotations

import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.journeys import first_inbox, procedure_of_interest
from tests.oracle.people import people

STAGES = ["contacts", "engaged", "leads", "appointments", "customers"]
# name of the ratio -> (its denominator, its numerator)
STEPS = {
    "contact_to_engaged": ("contacts", "engaged"),
    "engaged_to_lead": ("engaged", "leads"),
    "lead_to_appointment": ("leads", "appointments"),
    "appointment_to_customer": ("appointments", "customers"),
    "contact_to_customer": ("contacts", "customers"),
}
ORIGIN = ["channel", "campaign_id", "inbox_id", "procedure"]
COLUMNS = ["tenant_id", "cohort_date", *ORIGIN, *STAGES, *STEPS, *(f"{step}_drop_off" for step in STEPS)]


def funnel_daily(facts: Facts) -> pd.DataFrame:
    """One row per day of first contact, channel, campaign, inbox and procedure of interest by which anybody came."""
    counts: dict[tuple[object, ...], dict[str, int]] = {}
    for person in people(facts):
        origin = (person.channel, person.campaign_id, first_inbox(person), procedure_of_interest(person))
        count = counts.setdefault((facts.local_date(person.first_contact_at), *origin), dict.fromkeys(STAGES, 0))
        count["contacts"] += 1
        for stage, reached in zip(STAGES[1:], person.stages, strict=True):
            count[stage] += reached
    rows = []
    for key, count in counts.items():
        ratios = [count[part] / count[whole] if count[whole] else None for whole, part in STEPS.values()]
        drop_offs = [None if ratio is None else 1 - ratio for ratio in ratios]
        rows.append((facts.tenant_id, *key, *count.values(), *ratios, *drop_offs))
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)
