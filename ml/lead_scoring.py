"""Lead scoring from end to end: which past moments to learn from, what to learn, and what to say of the open leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from ml import best_hour, playbooks
from ml.additive import AdditiveModel
from ml.evaluation import Verdict, judge
from ml.lead_features import CATEGORICAL, NUMERIC, features
from ml.lead_reasons import REASONS, reasons
from ml.lead_training import (
    CUSTOMER_DAYS,
    LEAST_HELD_OUT_POSITIVES,
    POOLED,
    SILENCE_DAYS,
    Candidate,
    Decision,
    Examples,
    Split,
    choose,
    fit_additive,
    fit_base_rate,
    fit_maturity,
    logistic,
    probabilities,
    split_by_time,
)
from ml.playbooks import NOTED_WITHIN

CONVERSION, SILENCE = "lead_conversion", "lead_silence"
OUTCOME_DAYS: Mapping[str, int] = {CONVERSION: CUSTOMER_DAYS, SILENCE: SILENCE_DAYS}
DAYS_APART = 3
LOOK_BACK_DAYS = 400
SCORED_AT_HOUR = 3

__all__ = [
    "CONVERSION",
    "CUSTOMER_DAYS",
    "OUTCOME_DAYS",
    "POOLED",
    "SILENCE",
    "SILENCE_DAYS",
    "AdditiveModel",
    "Candidate",
    "Decision",
    "LeadData",
    "past_moments",
    "score",
    "train",
]


@dataclass(frozen=True)
class LeadData:
    """What is known of a tenant's leads at one moment, or at many.

    `snapshots` and `outcomes` as `warehouse.leads` reads them (`outcomes` only to learn from), `talks` those led by a playbook,
    `hours` when customers write and the business answers; instants are aware.
    """

    tenant_id: str
    timezone: str
    snapshots: pd.DataFrame
    talks: pd.DataFrame
    hours: pd.DataFrame
    outcomes: pd.DataFrame | None = None


def past_moments(now: datetime, timezone: str) -> list[datetime]:
    """Moments to take snapshots at: three in the morning of every third local day, always the same ones, oldest first.

    Up to 400 days back, and only such of which the shorter outcome is known by now.
    """
    zone = ZoneInfo(timezone)
    last = (now - timedelta(days=min(OUTCOME_DAYS.values()))).astimezone(zone).date()
    moments = []
    for back in range(LOOK_BACK_DAYS):
        day = last - timedelta(days=back)
        if day.toordinal() % DAYS_APART == 0:
            moments.append(datetime(day.year, day.month, day.day, SCORED_AT_HOUR, tzinfo=zone))
    return [moment for moment in reversed(moments) if moment <= now - timedelta(days=min(OUTCOME_DAYS.values()))]


def examples(data: Sequence[LeadData], model: str, now: Mapping[str, datetime]) -> Examples:
    """The tenants' snapshots whose outcome is known by `now` (of each), with a margin for whoever notes it late.

    From a tenant that never noted a customer one cannot learn who becomes one: it is left out.
    """
    parts = []
    for one in data:
        if model == CONVERSION and not _notes_customers(one):
            continue
        last = pd.Timestamp(now[one.tenant_id]) - pd.Timedelta(days=OUTCOME_DAYS[model]) - NOTED_WITHIN
        mine = one.snapshots[one.snapshots["at"] <= last].reset_index(drop=True)
        assert one.outcomes is not None
        known = mine[["at", "person_id"]].merge(one.outcomes, on=["at", "person_id"], how="left")
        if model == CONVERSION:
            happened = known["became_customer"].eq(True).to_numpy(bool)
        else:
            happened = known["next_message_at"].isna().to_numpy(bool)
        if mine.empty:
            continue
        parts.append((_features(one, mine), mine["at"], one.tenant_id + "/" + mine["person_id"], happened))
    if not parts:
        empty = pd.Series([], dtype="datetime64[us, UTC]")
        return Examples(pd.DataFrame(columns=[*NUMERIC, *CATEGORICAL]), empty, pd.Series([], dtype=object), np.zeros(0))
    return Examples(
        pd.concat([part[0] for part in parts], ignore_index=True),
        pd.concat([part[1] for part in parts], ignore_index=True),
        pd.concat([part[2] for part in parts], ignore_index=True),
        np.concatenate([part[3] for part in parts]),
    )


def train(
    data: Sequence[LeadData], model: str, now: Mapping[str, datetime], in_use: Mapping[str, Candidate]
) -> dict[str, Decision]:
    """Who answers from now on: under `*` for all tenants, under a slug for a tenant with an answer of its own.

    `in_use` are the candidates that answer now, by tenant. Empty where there is not yet enough past to judge anything on.
    """
    all_tenants = examples(data, model, now)
    if all_tenants.at.empty:
        return {}
    days = OUTCOME_DAYS[model]
    split = split_by_time(all_tenants, days)
    if not _can_be_judged(split):
        return {}
    learned, present = fit_additive(split, POOLED), in_use.get(POOLED)
    candidates = _without_none([learned, present, fit_maturity(split, POOLED), fit_base_rate(split, POOLED)])
    pooled = choose(candidates, split.held_out, POOLED, in_use=present)
    # one penalty for all: to look for each tenant's would cost more than it brings
    strengths = (learned.strength,) if learned is not None and learned.strength is not None else ()
    decisions = {POOLED: replace(pooled, by_tenant=_by_tenant(pooled.chosen, split.held_out))}
    for tenant_id in all_tenants.tenants:
        own = Split(*(part.of(tenant_id) for part in (split.fitted, split.tuned, split.training, split.held_out)))
        if not _can_be_judged(own):
            continue
        own_model = fit_additive(own, tenant_id, strengths) if strengths else None
        simple = [fit_maturity(own, tenant_id), fit_base_rate(own, tenant_id)]
        candidates = _without_none([pooled.chosen, in_use.get(tenant_id), own_model, *simple])
        decision = choose(candidates, own.held_out, tenant_id)
        if decision.chosen.tenant_id != POOLED:
            decisions[tenant_id] = decision
    return decisions


def own_hours_weight(data: Sequence[LeadData]) -> float:
    """How much the hours a person wrote at tell of when they write next, beyond the hours of everybody."""
    own, following, everybody = [], [], np.zeros(24)
    for one in data:
        assert one.outcomes is not None
        wrote = one.snapshots.merge(one.outcomes.dropna(subset="next_message_at"), on=["at", "person_id"])
        own.append(_own_hours(wrote, one.timezone))
        following.append(_local_hours(wrote["next_message_at"], one.timezone))
        everybody += np.bincount(following[-1].astype(int), minlength=24)
    return best_hour.own_weight(np.concatenate(own), np.concatenate(following), best_hour.profile(everybody))


def score(
    data: LeadData, conversion: AdditiveModel, silence: AdditiveModel, *, own_hours_weight: float
) -> pd.DataFrame:
    """A row per open lead of the snapshots (of one moment), which becomes `ml.lead_scores`.

    `probability` of being a customer within 30 days, `reason_1` to `reason_3` of it, `churn_risk` (of not writing in the next
    14 days), `best_hour` to write to them (0 to 23; null where the business never answers), and the `playbook` to lead the
    next talk by: null for who has a date already, and where no playbook is better than the others beyond luck.
    """
    # as categories, each value is looked up once and not by every model again
    seen = _features(data, data.snapshots).astype(dict.fromkeys(CATEGORICAL, "category"))
    parts = conversion.contributions(seen)
    everybody = best_hour.profile(_by_hour(data.hours, "customer_messages"))
    hours = best_hour.best_hours(
        _own_hours(data.snapshots, data.timezone),
        everybody,
        own_hours_weight,
        _by_hour(data.hours, "human_replies"),
    )
    scores = pd.DataFrame(
        {
            "person_id": data.snapshots["person_id"],
            "scored_as_of": data.snapshots["at"],
            "probability": logistic(parts.to_numpy().sum(axis=1) + conversion.intercept),
            "churn_risk": probabilities(silence, seen),
            "best_hour": pd.array(hours, dtype="Int64"),
            "playbook": _recommended(data, seen),
        }
    )
    scores.loc[scores["best_hour"] < 0, "best_hour"] = pd.NA
    said = reasons(parts, seen)
    for number in range(REASONS):
        scores[f"reason_{number + 1}"] = said[:, number]
    return scores


def knows(model: AdditiveModel) -> bool:
    """Whether everything the model looks at is still a feature."""
    return set(model.curves) <= set(NUMERIC) and set(model.levels) <= set(CATEGORICAL)


def _features(data: LeadData, snapshots: pd.DataFrame) -> pd.DataFrame:
    moments = [pd.Timestamp(at) for at in snapshots["at"].unique()]
    return features(
        snapshots,
        tenant_id=data.tenant_id,
        timezone=data.timezone,
        playbook_effects=playbooks.effects(data.talks, moments),
    )


def _recommended(data: LeadData, seen: pd.DataFrame) -> pd.Series:
    """Nobody needs to be led who has a date."""
    none = pd.Series([None] * len(seen), index=seen.index, dtype=object)
    if data.snapshots.empty:
        return none
    best = [one.playbook for one in playbooks.weigh(data.talks, data.snapshots["at"].max()) if one.is_recommended]
    if not best:
        return none
    return none.mask(~seen["situation"].isin(["booked", "visit agreed"]), best[0])


def _own_hours(snapshots: pd.DataFrame, timezone: str) -> np.ndarray:
    names = ("talk_first_message_at", "last_customer_message_at")
    return np.column_stack([_local_hours(snapshots[name], timezone) for name in names])


def _local_hours(instants: pd.Series, timezone: str) -> np.ndarray:
    local = pd.DatetimeIndex(instants).tz_convert(timezone)
    hours: np.ndarray = np.where(local.isna(), np.nan, local.hour)
    return hours


def _by_hour(hours: pd.DataFrame, name: str) -> np.ndarray:
    counts: np.ndarray = hours.set_index("hour")[name].reindex(range(24), fill_value=0).to_numpy(dtype=float)
    return counts


def _notes_customers(data: LeadData) -> bool:
    assert data.outcomes is not None
    return bool(data.outcomes["became_customer"].any())


def _by_tenant(candidate: Candidate, examples: Examples) -> dict[str, Verdict]:
    """What the candidate was worth for each tenant."""
    verdicts = {}
    for tenant_id in examples.tenants:
        own = examples.of(tenant_id)
        verdicts[tenant_id] = judge(probabilities(candidate.model, own.features), own.happened)
    return verdicts


def _can_be_judged(split: Split) -> bool:
    happened = int(split.held_out.happened.sum())
    return (
        len(split.training.happened) > 0
        and min(happened, len(split.held_out.happened) - happened) >= LEAST_HELD_OUT_POSITIVES
    )


def _without_none(candidates: Sequence[Candidate | None]) -> list[Candidate]:
    return [one for one in candidates if one is not None]
