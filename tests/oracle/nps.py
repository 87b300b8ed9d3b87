"""nps_monthly: the answers to "would you recommend us", by local month."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pandas as pd

from tests.oracle.facts import Facts

COLUMNS = ["tenant_id", "month", "answers", "promoters", "passives", "detractors", "nps"]


def nps_monthly(facts: Facts) -> pd.DataFrame:
    """One row per month with an answer; a score outside 0 to 10 is no answer."""
    months: dict[date, Counter[str]] = {}
    for answer in facts.feedback.itertuples(index=False):
        if answer.nps_score is None or not 0 <= answer.nps_score <= 10:
            continue
        kind = "promoters" if answer.nps_score >= 9 else "passives" if answer.nps_score >= 7 else "detractors"
        months.setdefault(facts.local_month(answer.created_at), Counter())[kind] += 1
    rows = [
        (
            facts.tenant_id,
            month,
            count.total(),
            count["promoters"],
            count["passives"],
            count["detractors"],
            100 * (count["promoters"] - count["detractors"]) / count.total(),
        )
        for month, count in months.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)
