"""voice_daily, csat_monthly and nps_monthly: what customers answer when they are asked, and how sure one can be of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from tests.oracle.facts import Facts
from tests.oracle.feedback import answers, category

Z = NormalDist().inv_cdf(0.975)
DAILY = [
    *("tenant_id", "date_day", "source", "inbox_id", "agent_id"),
    *("nps_answers", "promoters", "passives", "detractors", "nps"),
    *("csat_answers", "csat_score_sum", "csat_mean", "satisfied", "csat_satisfied_pct"),
    *("surveys_asked", "surveys_answered", "csat_answer_rate"),
]
CSAT = [
    *("tenant_id", "month", "source", "answers", "csat_mean", "satisfied", "satisfied_pct"),
    *("satisfied_pct_lower_95", "satisfied_pct_upper_95", "satisfied_pct_change"),
    *("surveys_asked", "surveys_answered", "answer_rate"),
]
NPS = [
    *("tenant_id", "month", "answers", "promoters", "passives", "detractors", "nps"),
    *("nps_lower_95", "nps_upper_95", "nps_change", "is_change_significant"),
]


@dataclass(frozen=True)
class Voice:
    """One answer (`kind` nps or csat) or one survey sent (`kind` asked; `score` 1 if it has been answered)."""

    kind: str
    score: int
    day: date
    source: str
    inbox_id: int | None
    agent_id: int | None


def voices(facts: Facts) -> Iterator[Voice]:
    """Every answer on the local day it was first given, and every survey sent."""
    for answer in answers(facts):
        day = facts.local_date(answer.answered_at)
        yield Voice(answer.kind, answer.score, day, answer.source, answer.inbox_id, answer.agent_id)
    talks = {talk.talk_id: (talk.inbox_id, talk.agent_id) for talk in facts.talks.itertuples(index=False)}
    credited = dict(zip(facts.csat["response_id"], facts.csat["agent_id"], strict=True))
    for row in facts.surveys.itertuples(index=False):
        inbox, agent = talks[row.talk_id]
        answered = int(row.response_id is not None)
        yield Voice(
            "asked",
            answered,
            facts.local_date(row.asked_at),
            "chatwoot",
            inbox,
            credited[row.response_id] if answered else agent,
        )


def voice_daily(facts: Facts) -> pd.DataFrame:
    """One row per local day, source, inbox and agent in which anybody answered or was asked."""
    rows = []
    for key, group in _grouped(voices(facts), lambda v: (v.day, v.source, v.inbox_id, v.agent_id)):
        nps, csat = _classes(group), [v.score for v in group if v.kind == "csat"]
        asked = [v.score for v in group if v.kind == "asked"]
        satisfied = sum(score >= 4 for score in csat)
        row = (
            *(nps.total(), nps["promoters"], nps["passives"], nps["detractors"], _nps(nps)),
            *(len(csat), sum(csat), _ratio(sum(csat), len(csat)), satisfied, _percent(satisfied, len(csat))),
            *(len(asked), sum(asked), _ratio(sum(asked), len(asked))),
        )
        rows.append((facts.tenant_id, *key, *row))
    return pd.DataFrame(rows, columns=DAILY, dtype=object)


def csat_monthly(facts: Facts) -> pd.DataFrame:
    """One row per month and source, and one for both together, in which anybody answered or was asked."""
    said = [voice for voice in voices(facts) if voice.kind != "nps"]
    groups = dict(_grouped(said, lambda v: (v.day.replace(day=1), v.source)))
    groups.update({(*month, "all"): group for month, group in _grouped(said, lambda v: (v.day.replace(day=1),))})
    shares = {key: _satisfied_pct(group) for key, group in groups.items()}
    rows = []
    for (month, source), group in groups.items():
        scores = [v.score for v in group if v.kind == "csat"]
        satisfied = sum(score >= 4 for score in scores)
        share, before = shares[month, source], shares.get((_month_before(month), source))
        low, high = score_interval(satisfied, len(scores)) if scores else (None, None)
        asked = [v.score for v in group if v.kind == "asked"] if source == "chatwoot" else None
        rows.append(
            (
                *(facts.tenant_id, month, source, len(scores), _ratio(sum(scores), len(scores)), satisfied, share),
                *(low, high, None if share is None or before is None else share - before),
                *((None, None, None) if asked is None else (len(asked), sum(asked), _ratio(sum(asked), len(asked)))),
            )
        )
    return pd.DataFrame(rows, columns=CSAT, dtype=object)


def nps_monthly(facts: Facts) -> pd.DataFrame:
    """One row per month with an NPS answer."""
    answers = (voice for voice in voices(facts) if voice.kind == "nps")
    months = {key[0]: _classes(group) for key, group in _grouped(answers, lambda v: (v.day.replace(day=1),))}
    rows = []
    for month, count in months.items():
        centre, error = adjusted_nps(count)
        before = months.get(_month_before(month))
        change = significant = None
        if before is not None:
            change = _nps(count) - _nps(before)  # type: ignore[operator]
            centre_before, error_before = adjusted_nps(before)
            significant = abs(centre - centre_before) > Z * math.hypot(error, error_before)
        rows.append(
            (
                *(facts.tenant_id, month, count.total()),
                *(count["promoters"], count["passives"], count["detractors"], _nps(count)),
                *(max(centre - Z * error, -100), min(centre + Z * error, 100), change, significant),
            )
        )
    return pd.DataFrame(rows, columns=NPS, dtype=object)


def adjusted_nps(count: Counter[str]) -> tuple[float, float]:
    """Mean and standard error of a score that is 100 for a promoter, 0, or -100 for a detractor, with 3/4 promoters,
    3/2 passives and 3/4 detractors added (Rocks 2016)."""
    weights = np.array([count["promoters"] + 0.75, count["passives"] + 1.5, count["detractors"] + 0.75])
    scores = np.array([100.0, 0.0, -100.0])
    mean = float(np.average(scores, weights=weights))
    variance = float(np.average((scores - mean) ** 2, weights=weights))
    return mean, math.sqrt(variance / float(weights.sum()))


def score_interval(successes: int, trials: int) -> tuple[float, float]:
    """The percentages p from which the share found is not further than Z standard errors of p itself (Wilson 1927)."""
    share = successes / trials
    # (share - p)^2 = Z^2 p (1 - p) / trials
    roots = np.roots([1 + Z**2 / trials, -(2 * share + Z**2 / trials), share**2])
    low, high = sorted(float(root.real) for root in roots)
    return 100 * low, 100 * high


def _grouped(said: Any, key: Callable[[Voice], tuple[Any, ...]]) -> Iterator[tuple[tuple[Any, ...], list[Voice]]]:
    groups: dict[tuple[Any, ...], list[Voice]] = {}
    for voice in said:
        groups.setdefault(key(voice), []).append(voice)
    yield from groups.items()


def _classes(group: list[Voice]) -> Counter[str]:
    scores = [voice.score for voice in group if voice.kind == "nps"]
    return Counter(category("nps", score) + "s" for score in scores)


def _nps(count: Counter[str]) -> float | None:
    return _percent(count["promoters"] - count["detractors"], count.total())


def _satisfied_pct(group: list[Voice]) -> float | None:
    scores = [voice.score for voice in group if voice.kind == "csat"]
    return _percent(sum(score >= 4 for score in scores), len(scores))


def _ratio(part: float, whole: int) -> float | None:
    return part / whole if whole else None


def _percent(part: float, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)
