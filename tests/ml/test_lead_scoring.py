"""Models of leads: what they learn, when they answer, and what they say, on leads whose true chances are known."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from ml.additive import AdditiveModel
from ml.evaluation import judge
from ml.lead_features import CATEGORICAL, NUMERIC
from ml.lead_reasons import reasons
from ml.lead_scoring import CONVERSION, SILENCE, LeadData, examples, own_hours_weight, past_moments, score, train
from ml.lead_training import POOLED, Candidate, Examples, probabilities

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ZONE = "America/Sao_Paulo"
CHANNELS = {"indicacao": 0.7, "google": 0.2, "tiktok": -0.9}
NO_TALKS = pd.DataFrame({"playbook": [], "started_at": [], "intent": [], "customer_since": []}).astype(
    {"playbook": object, "started_at": "datetime64[us, UTC]", "customer_since": "datetime64[us, UTC]"}
)
HOURS = pd.DataFrame({"hour": range(24), "customer_messages": [5] * 24, "human_replies": [0] * 9 + [50] * 9 + [0] * 6})


def leads(tenant_id: str, *, per_moment: int = 25, seed: int = 0, base: float = -1.0) -> tuple[LeadData, np.ndarray]:
    """A tenant's leads at all past moments, and each one's true chance of becoming a customer."""
    random = np.random.default_rng(seed)
    at = np.repeat(pd.DatetimeIndex(past_moments(NOW, ZONE)).tz_convert("UTC").as_unit("us"), per_moment)
    rows = len(at)
    maturity = random.integers(0, 101, rows).astype(float)
    waited = random.lognormal(7, 1.2, rows)
    channel = random.choice(list(CHANNELS), rows)
    booked = random.random(rows) < 0.15
    said_at = at - pd.to_timedelta(random.uniform(0.1, 60, rows), unit="D")
    log_odds = (
        base
        + 0.02 * (maturity - 50)
        - 0.4 * np.log1p(waited / 600)
        + np.vectorize(CHANNELS.get)(channel)
        + 2.0 * booked
    )
    chance = 1 / (1 + np.exp(-log_odds))
    days = (at - said_at).total_seconds().to_numpy() / 86_400
    writes = random.random(rows) < np.exp(-days / 7) * 0.6
    snapshots = pd.DataFrame(
        {
            "at": at,
            "person_id": [f"contact-{number}" for number in range(rows)],
            "first_contact_at": said_at - pd.Timedelta(hours=2),
            "conversations": 1,
            "customer_messages": random.integers(1, 9, rows),
            "recent_customer_messages": 0,
            "human_replies": 1,
            "bot_replies": 2,
            "last_customer_message_at": said_at,
            "highest_lead_probability": random.uniform(0, 5, rows),
            "has_agreed_visit": False,
            "visit_at": pd.Series(pd.NaT, range(rows), dtype="datetime64[us, UTC]"),
            "talk_customer_messages": 3,
            "talk_first_message_at": said_at - pd.Timedelta(minutes=30),
            "first_reply_seconds": waited,
            "first_human_reply_seconds": waited,
            "last_writer": "human",
            "is_resolved": True,
            "is_handed_off": False,
            "door": "whatsapp",
            "playbook": None,
            "intent": random.choice(["pricing", "schedule_visit"], rows),
            "sentiment": "neutral",
            "lead_probability": random.uniform(0, 5, rows),
            "channel": channel,
            "campaign_id": None,
            "maturity_score": maturity,
            "pending_bookings": booked.astype(int),
            "failed_bookings": 0,
            "next_booking_at": pd.Series(at + pd.Timedelta(days=2)).where(booked),
            "booked_at": pd.Series(said_at).where(booked),
        }
    )
    outcomes = pd.DataFrame(
        {
            "at": at,
            "person_id": snapshots["person_id"],
            "became_customer": random.random(rows) < chance,
            "next_message_at": pd.Series(at + pd.Timedelta(days=1, hours=6)).where(writes),
        }
    )
    return LeadData(tenant_id, ZONE, snapshots, NO_TALKS, HOURS, outcomes), chance


def rows_of(data: LeadData, chance: np.ndarray) -> tuple[Examples, np.ndarray]:
    """The examples and, beside each, its true chance."""
    made = examples([data], CONVERSION, {data.tenant_id: NOW})
    return made, chance[: len(made.happened)]


def held_out(made: Examples) -> np.ndarray:
    """The last eight weeks of what is known."""
    return (made.at > made.at.max() - pd.Timedelta(days=56)).to_numpy()


def shuffled(data: LeadData, seed: int) -> LeadData:
    assert data.outcomes is not None
    order = np.random.default_rng(seed).permutation(len(data.outcomes))
    names = ["became_customer", "next_message_at"]
    mixed = data.outcomes[names].iloc[order].reset_index(drop=True)
    return replace(data, outcomes=data.outcomes.assign(**{name: mixed[name] for name in names}))


@pytest.fixture(scope="module")
def gym() -> tuple[LeadData, np.ndarray]:
    return leads("gym")


@pytest.fixture(scope="module")
def clinic() -> tuple[LeadData, np.ndarray]:
    return leads("clinic", seed=1, base=-1.6)


@pytest.fixture(scope="module")
def learned(gym: tuple[LeadData, np.ndarray], clinic: tuple[LeadData, np.ndarray]) -> Candidate:
    both = [gym[0], clinic[0]]
    return train(both, CONVERSION, {"gym": NOW, "clinic": NOW}, {})[POOLED].chosen


def test_moments_are_the_same_ones_next_week() -> None:
    now, later = past_moments(NOW, ZONE), past_moments(NOW + timedelta(days=7), ZONE)
    assert set(now) & set(later) == {moment for moment in now if moment >= later[0]}
    assert {moment.astimezone(ZoneInfo(ZONE)).hour for moment in now} == {3}
    assert len({moment.weekday() for moment in now}) == 7
    assert max(now) <= NOW - timedelta(days=14)


def test_the_model_comes_near_the_true_chances(
    learned: Candidate, gym: tuple[LeadData, np.ndarray], clinic: tuple[LeadData, np.ndarray]
) -> None:
    for data, chance in (gym, clinic):
        made, true = rows_of(data, chance)
        late = held_out(made)
        said = probabilities(learned.model, made.features[late])
        found, best = judge(said, made.happened[late]), judge(true[late], made.happened[late])
        assert found.auc is not None
        assert best.auc is not None
        assert found.auc > best.auc - 0.02
        assert found.ece <= 0.03 + best.ece
        assert found.brier < best.brier + 0.005


def test_it_answers_only_where_it_beats_the_simple_answers(gym: tuple[LeadData, np.ndarray]) -> None:
    decision = train([gym[0]], CONVERSION, {"gym": NOW}, {})[POOLED]
    assert decision.chosen.method == "additive"
    assert decision.chosen.verdict is not None
    assert decision.beside.keys() == {"pooled maturity", "pooled base_rate"}
    assert all(decision.chosen.verdict.brier < other.brier for other in decision.beside.values())
    luck = train([shuffled(gym[0], 3)], CONVERSION, {"gym": NOW}, {})[POOLED]
    assert luck.chosen.method != "additive", luck.chosen.verdict
    assert "simple answer" in luck.why


def test_shuffled_outcomes_teach_nothing(gym: tuple[LeadData, np.ndarray]) -> None:
    from ml.lead_training import fit_additive, split_by_time

    aucs = []
    for seed in range(4):
        made = examples([shuffled(gym[0], seed)], CONVERSION, {"gym": NOW})
        split = split_by_time(made, 30)
        candidate = fit_additive(split, POOLED, strengths=(0.03,))
        assert candidate is not None
        said = candidate.model.log_odds(split.held_out.features)
        aucs.append(roc_auc_score(split.held_out.happened, said) if np.ptp(said) else 0.5)
    assert abs(np.mean(aucs) - 0.5) < 0.03, aucs


def test_outcomes_of_one_part_are_known_before_the_next_begins(gym: tuple[LeadData, np.ndarray]) -> None:
    from ml.lead_training import split_by_time

    split = split_by_time(rows_of(*gym)[0], 30)
    month = pd.Timedelta(days=30)
    assert split.training.at.max() + month <= split.held_out.at.min()
    assert split.fitted.at.max() + month <= split.tuned.at.min()
    assert split.tuned.at.max() <= split.training.at.max()


def test_a_new_model_that_is_worse_does_not_replace_the_old_one(
    gym: tuple[LeadData, np.ndarray], learned: Candidate
) -> None:
    forgetful = shuffled(gym[0], 1)
    assert forgetful.outcomes is not None
    assert gym[0].outcomes is not None
    recent = forgetful.outcomes["at"] > pd.Timestamp(NOW) - pd.Timedelta(days=92)
    outcomes = forgetful.outcomes.where(~recent, gym[0].outcomes)
    misled = replace(gym[0], outcomes=outcomes.astype(gym[0].outcomes.dtypes))
    decision = train([misled], CONVERSION, {"gym": NOW}, {POOLED: learned})[POOLED]
    assert decision.chosen.model is learned.model
    assert "stays" in decision.why
    worse = Candidate(
        POOLED, "additive", learned.model.calibrated(-1.0, 0.0), learned.trained_from, learned.trained_until
    )
    assert train([gym[0]], CONVERSION, {"gym": NOW}, {POOLED: worse})[POOLED].chosen.model is not worse.model


def test_a_tenant_has_a_model_of_its_own_only_where_it_clearly_wins(gym: tuple[LeadData, np.ndarray]) -> None:
    """The odd one's bot counts maturity backwards."""
    odd = leads("odd", seed=5)[0]
    snapshots = odd.snapshots.assign(maturity_score=100 - odd.snapshots["maturity_score"])
    more = leads("one", seed=10)[0]
    clocks = dict.fromkeys(("gym", "one", "odd"), NOW)
    assert train([gym[0], more], CONVERSION, clocks, {}).keys() == {POOLED}
    decisions = train([gym[0], more, replace(odd, snapshots=snapshots)], CONVERSION, clocks, {})
    assert decisions["odd"].chosen.tenant_id == "odd"
    assert decisions["odd"].chosen.method == "additive"
    assert decisions[POOLED].by_tenant.keys() == {"gym", "one", "odd"}


def test_a_tenant_that_notes_no_customers_teaches_nothing(gym: tuple[LeadData, np.ndarray]) -> None:
    assert gym[0].outcomes is not None
    silent = replace(gym[0], tenant_id="silent", outcomes=gym[0].outcomes.assign(became_customer=False))
    assert examples([gym[0], silent], CONVERSION, {"gym": NOW, "silent": NOW}).tenants == ["gym"]
    assert examples([gym[0], silent], SILENCE, {"gym": NOW, "silent": NOW}).tenants == ["gym", "silent"]
    assert train([silent], CONVERSION, {"silent": NOW}, {}) == {}


def test_contributions_add_up_and_the_stored_model_says_the_same(
    learned: Candidate, gym: tuple[LeadData, np.ndarray]
) -> None:
    seen = rows_of(*gym)[0].features
    stored = AdditiveModel.from_plain(json.loads(json.dumps(learned.model.as_plain())))
    parts = stored.contributions(seen)
    assert set(parts) == {*NUMERIC, *CATEGORICAL}
    np.testing.assert_allclose(parts.sum(axis=1) + stored.intercept, learned.model.log_odds(seen))
    np.testing.assert_allclose(stored.calibrated(0.5, 1).log_odds(seen), 0.5 * stored.log_odds(seen) + 1)


def test_reasons_are_the_largest_parts_in_words(learned: Candidate, gym: tuple[LeadData, np.ndarray]) -> None:
    made, _ = rows_of(*gym)
    said = reasons(learned.model.contributions(made.features), made.features)
    assert said.shape == (len(made.features), 3)
    booked = made.features["situation"] == "booked"
    first = pd.Series([row[0] for row in said])
    assert first[booked.to_numpy()].str.startswith("aumenta: ").mean() > 0.8
    assert first[booked.to_numpy()].str.contains("marc(?:ado|ou)").mean() > 0.3
    cold = (made.features["channel"] == "tiktok") & ~booked & (made.features["maturity_score"] > 45)
    told = pd.Series([" | ".join(filter(None, row)) for row in said])[cold.to_numpy()]
    assert told.str.contains("diminui: veio por tiktok").mean() > 0.7


def test_scores_have_everything_a_person_acts_on(learned: Candidate, gym: tuple[LeadData, np.ndarray]) -> None:
    data = gym[0]
    silence = train([data], SILENCE, {"gym": NOW}, {})[POOLED].chosen
    last = replace(data, snapshots=data.snapshots.tail(25).reset_index(drop=True), outcomes=None)
    scores = score(last, learned.model, silence.model, own_hours_weight=own_hours_weight([data]))
    assert len(scores) == 25
    assert scores["probability"].between(0, 1).all()
    assert scores["best_hour"].between(9, 17).all(), "the business answers from nine to six"
    assert scores["playbook"].isna().all(), "no talk was led by a playbook"
    since = data.snapshots["at"] - data.snapshots["last_customer_message_at"]
    recent = score(
        replace(data, snapshots=data.snapshots.tail(500).reset_index(drop=True)),
        learned.model,
        silence.model,
        own_hours_weight=0.3,
    )["churn_risk"]
    days = since.tail(500).dt.days.reset_index(drop=True)
    assert recent[days < 3].mean() < recent[days > 30].mean() - 0.1
    nobody = score(replace(last, snapshots=last.snapshots.head(0)), learned.model, silence.model, own_hours_weight=0.3)
    assert nobody.empty
