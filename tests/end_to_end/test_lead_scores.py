"""Leads of a pretend world, scored from the warehouse: beside the world's own probabilities, and at a moment gone by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import psycopg
import pytest
from sklearn.metrics import roc_auc_score

from ml.evaluation import judge
from ml.lead_scoring import CONVERSION, AdditiveModel, LeadData, examples, past_moments
from ml.lead_training import HELD_OUT_DAYS, probabilities
from tests.end_to_end.conftest import LONG, House
from tests.end_to_end.installation import succeeded
from tests.end_to_end.past_leads import assert_leads_stay, leads_of_now
from tests.oracle.lead_probability import person_ids, true_probabilities
from warehouse.leads import (
    read_outcomes,
    read_playbook_talks,
    read_snapshots,
    read_writing_hours,
)
from warehouse.source_clock import source_clock

# a training over all tenants, and two days more of three: too dear for every test run
pytestmark = pytest.mark.skipif(not LONG, reason="FUNIL_LONG_TESTS=1 trains and scores, and lets a world live on")

IN_USE = (
    "select tenant_id, method, metrics, parameters from ml.model_versions where model = 'lead_conversion' and in_use"
)


@pytest.fixture(scope="module")
def trained(house: House) -> House:
    """Models learned as the weekly schedule learns them, and all leads scored as the nightly one does."""
    succeeded(house.installation.scheduled("training"))
    succeeded(house.installation.scheduled("scoring"))
    return house


def past(house: House, tenant_id: str) -> tuple[LeadData, pd.Timestamp]:
    """A tenant's leads at the moments a training looks at."""
    zone = house.story.settings(tenant_id)["timezone"]
    with psycopg.connect(house.installation.url) as connection:
        connection.execute("set timezone to 'UTC'")
        now = source_clock(connection, tenant_id)
        assert now is not None
        moments = past_moments(now, zone)
        data = LeadData(
            tenant_id,
            zone,
            read_snapshots(connection, tenant_id, moments),
            read_playbook_talks(connection, tenant_id),
            read_writing_hours(connection, tenant_id, zone, now),
            read_outcomes(connection, tenant_id, moments, customer_days=30, silence_days=14),
        )
    return data, pd.Timestamp(now)


def test_every_open_lead_is_scored(trained: House) -> None:
    scores = trained.installation.query(
        "select s.*, c.is_customer from ml.lead_scores as s join marts.dim_contacts as c using (tenant_id, person_id)"
    )
    assert set(scores["tenant_id"]) >= set(trained.story.tenants)
    assert not scores["is_customer"].any()
    assert scores["reason_1"].str.match("aumenta: |diminui: ").mean() > 0.95
    for tenant_id in trained.story.tenants:
        with psycopg.connect(trained.installation.url) as connection:
            now = source_clock(connection, tenant_id)
            assert now is not None
            open_now = read_snapshots(connection, tenant_id, [now])
        mine = scores[scores["tenant_id"] == tenant_id]
        assert set(mine["person_id"]) == set(open_now["person_id"])
    checked = scores.groupby("tenant_id")["is_checked"].first()
    assert not any(checked[slug] for slug in trained.story.tenants if slug.startswith("bellapele")), (
        "it notes no customers"
    )


def test_scores_are_as_good_as_the_worlds_own_probabilities(trained: House) -> None:
    """On weeks the model has not seen; the full thresholds need the full scale, where there are customers enough."""
    models = trained.installation.query(IN_USE).set_index("tenant_id")
    model = AdditiveModel.from_plain(models.loc["*", "parameters"]["additive"])
    said, true, happened, people = [], [], [], []
    for tenant_id in trained.story.tenants:
        if tenant_id.startswith("bellapele"):
            continue
        data, now = past(trained, tenant_id)
        made = examples([data], CONVERSION, {tenant_id: now})
        truth = trained.story.truth(tenant_id)
        rows = pd.DataFrame({"at": made.at, "person_id": made.person.str.partition("/")[2].map(person_ids(truth))})
        assert rows["person_id"].notna().all()
        late = (made.at > made.at.max() - pd.Timedelta(days=HELD_OUT_DAYS)).to_numpy()
        said.append(probabilities(model, made.features[late]))
        true.append(true_probabilities(truth, rows[late]))
        happened.append(made.happened[late])
        people.append(made.person[late])
    outcomes = np.concatenate(happened)
    found, best = judge(np.concatenate(said), outcomes), judge(np.concatenate(true), outcomes)
    beside = models.loc["*", "metrics"]["beside"]
    low, high = behind(np.concatenate(said), np.concatenate(true), outcomes, pd.concat(people))
    print(f"AUC behind the world's by {low:.4f} to {high:.4f} (95 %, people drawn again)")
    print(f"model {found}\nworld {best}\nbeside { ({name: one['brier'] for name, one in beside.items()}) }")
    assert found.auc is not None
    assert best.auc is not None
    assert found.ece <= 0.03
    assert found.auc >= best.auc - (0.02 if LONG else 0.1)
    if LONG:
        assert models.loc["*", "method"] == "additive"
        assert all(models.loc["*", "metrics"]["brier"] < other["brier"] for other in beside.values())


def behind(said: np.ndarray, true: np.ndarray, happened: np.ndarray, people: pd.Series) -> tuple[float, float]:
    """By how much the AUC is below the world's, in 95 of 100 draws of as many people: a person's moments end alike."""
    codes, names = pd.factorize(people)
    rng = np.random.default_rng(0)
    gaps = []
    for _ in range(200):
        drawn = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))[codes]
        world, model = (roc_auc_score(happened, chances, sample_weight=drawn) for chances in (true, said))
        gaps.append(world - model)
    low, high = np.quantile(gaps, [0.025, 0.975])
    return float(low), float(high)


def test_features_of_a_past_moment_are_those_computed_at_that_moment(trained: House) -> None:
    """The warehouse as it stood then is asked; the world lives on for two days; the warehouse as it is now is asked."""
    seed = trained.story.seeds[0]
    slugs = [slug for slug, (of, _) in trained.story.tenants.items() if of == seed]
    before = {slug: leads_of_now(trained.story, slug) for slug in slugs}
    trained.story.advance(48, unannounced=False, seeds=[seed])
    succeeded(trained.installation.funil("run", *(f"--tenant={slug}" for slug in slugs), timeout=900))
    for slug, moment in before.items():
        assert_leads_stay(trained.story, slug, moment)
        moved = leads_of_now(trained.story, slug)[1]
        assert not moved.reindex(moment[1].index).equals(moment[1]), "nothing happened: this test would show nothing"
