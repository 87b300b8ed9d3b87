"""What the bot's playbooks have been worth, and whether one of them is worth recommending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

CUSTOMER_WITHIN = pd.Timedelta(days=30)
NOTED_WITHIN = pd.Timedelta(days=3)
PRIOR_TALKS = 20
LEAST_TALKS = 40
ALPHA = 0.05


@dataclass(frozen=True)
class PlaybookEvidence:
    """Customers of the talks with a playbook, and how many there would be if it made no difference to such talks."""

    playbook: str
    talks: int
    customers: int
    expected: float
    is_recommended: bool


def effects(talks: pd.DataFrame, moments: Sequence[pd.Timestamp]) -> pd.DataFrame:
    """What each playbook was known to be worth at each moment: `at`, `playbook`, `effect`.

    `talks` has `playbook`, `started_at` and `customer_since` (of the person; null if none). The effect is the share of talks
    begun at least 33 days before whose person was a customer within 30 days, drawn towards the share over all playbooks by
    20 talks' weight. Until then it is unknown.
    """
    used = talks[talks["playbook"].notna()]
    playbooks = sorted(used["playbook"].unique())
    rows = []
    for at in moments:
        known = used[used["started_at"] <= at - CUSTOMER_WITHIN - NOTED_WITHIN]
        if known.empty:
            continue
        won = _won(known)
        overall = float(won.mean())
        for playbook in playbooks:
            mine = won[(known["playbook"] == playbook).to_numpy()]
            rows.append((at, playbook, (mine.sum() + PRIOR_TALKS * overall) / (len(mine) + PRIOR_TALKS)))
    table = pd.DataFrame(rows, columns=pd.Index(["at", "playbook", "effect"]))
    return table.astype({"at": "datetime64[us, UTC]", "effect": float, "playbook": object})


def weigh(talks: pd.DataFrame, now: pd.Timestamp) -> list[PlaybookEvidence]:
    """Each playbook's customers against what talks of the same intents bring on average.

    `talks` also has `intent`. At most one is recommended: the best, if so much could hardly be luck even of the luckiest of
    them (one-sided, 5 % over all playbooks together).
    """
    used = talks[talks["playbook"].notna() & (talks["started_at"] <= now - CUSTOMER_WITHIN - NOTED_WITHIN)]
    if used.empty:
        return []
    won = pd.Series(_won(used), index=used.index)
    usual = won.groupby(used["intent"].fillna("")).transform("mean")
    weighed = []
    for playbook, rows in used.groupby("playbook").groups.items():
        expected, spread = float(usual[rows].sum()), float((usual[rows] * (1 - usual[rows])).sum())
        surprise = (float(won[rows].sum()) - expected) / np.sqrt(spread) if spread else 0.0
        weighed.append((surprise, PlaybookEvidence(str(playbook), len(rows), int(won[rows].sum()), expected, False)))
    critical = NormalDist().inv_cdf(1 - ALPHA / len(weighed))
    surprise, best = max(weighed, key=lambda one: one[0])
    recommended = surprise > critical and best.talks >= LEAST_TALKS
    return [
        PlaybookEvidence(one.playbook, one.talks, one.customers, one.expected, recommended and one is best)
        for _, one in sorted(weighed, key=lambda pair: pair[1].playbook)
    ]


def _won(talks: pd.DataFrame) -> np.ndarray:
    won: np.ndarray = (
        (talks["customer_since"] >= talks["started_at"])
        & (talks["customer_since"] <= talks["started_at"] + CUSTOMER_WITHIN)
    ).to_numpy(dtype=float)
    return won
