"""Which playbook has been worth what, and at what hour to write."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.best_hour import best_hours, expected, own_weight, profile
from ml.playbooks import effects, weigh

NOW = pd.Timestamp("2026-06-01", tz="UTC")


def talks(rates: dict[str, float], *, each: int = 200, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = pd.DataFrame({"playbook": np.repeat(list(rates), each)})
    rows["started_at"] = NOW - pd.to_timedelta(random.uniform(40, 300, len(rows)), unit="D")
    won = random.random(len(rows)) < rows["playbook"].map(rates)
    rows["customer_since"] = (rows["started_at"] + pd.Timedelta(days=5)).where(won)
    return rows.assign(intent="pricing")


def test_an_effect_is_what_was_known_at_the_moment() -> None:
    rows = talks({"a": 0.5, "b": 0.1})
    moments = [NOW - pd.Timedelta(days=100), NOW]
    known = effects(rows, moments)
    for at in moments:
        by_then = rows[rows["started_at"] <= at - pd.Timedelta(days=33)]
        won = by_then["customer_since"].notna()
        for playbook, mine in by_then.groupby("playbook"):
            exact = (won[mine.index].sum() + 20 * won.mean()) / (len(mine) + 20)
            [found] = known.loc[(known["at"] == at) & (known["playbook"] == playbook), "effect"]
            assert found == pytest.approx(exact)
    later = rows.assign(customer_since=rows["customer_since"].where(rows["started_at"] < moments[0], NOW))
    pd.testing.assert_frame_equal(effects(later, moments[:1]), known[known["at"] == moments[0]].reset_index(drop=True))
    assert effects(rows, [NOW - pd.Timedelta(days=400)]).empty


def test_a_playbook_is_recommended_only_where_it_is_better_beyond_luck() -> None:
    assert [one.playbook for one in weigh(talks({"a": 0.35, "b": 0.15, "c": 0.15}), NOW) if one.is_recommended] == ["a"]
    by_luck = sum(
        any(one.is_recommended for one in weigh(talks(dict.fromkeys("abcd", 0.2), seed=seed), NOW))
        for seed in range(60)
    )
    assert by_luck <= 8  # 5 % of 60 are 3; more than 8 would happen once in two hundred times
    assert weigh(talks({}), NOW) == []


def test_easy_talks_make_no_playbook_good() -> None:
    """Playbook a is used where people book anyway."""
    easy = talks({"a": 0.6}).assign(intent="schedule_visit")
    easy_too = talks({"b": 0.6}, each=60, seed=1).assign(intent="schedule_visit")
    hard = talks({"b": 0.1}, seed=2)
    evidence = {one.playbook: one for one in weigh(pd.concat([easy, easy_too, hard], ignore_index=True), NOW)}
    assert not any(one.is_recommended for one in evidence.values())
    assert evidence["a"].expected == pytest.approx(evidence["a"].customers, rel=0.1)


def test_the_hour_is_ones_own_as_far_as_own_hours_tell() -> None:
    random = np.random.default_rng(0)
    of_all = profile(np.where((np.arange(24) >= 8) & (np.arange(24) < 20), 100.0, 1.0))
    habit = random.integers(9, 19, 400)
    own = np.column_stack([habit, habit]).astype(float)
    assert own_weight(own, habit.astype(float), of_all) == 0.6
    assert own_weight(own, random.choice(24, 400, p=of_all).astype(float), of_all) <= 0.15
    assert own_weight(own[:0], habit[:0].astype(float), of_all) == 0.0
    np.testing.assert_allclose(expected(own, of_all, 0.3).sum(axis=1), 1)


def test_nobody_is_to_be_written_to_while_the_business_sleeps() -> None:
    of_all = profile(np.where(np.arange(24) == 22, 100.0, 1.0))
    replies = np.where((np.arange(24) >= 9) & (np.arange(24) < 18), 10.0, 0.0)
    early_and_unknown = np.array([[6.0, 7.0], [np.nan, np.nan]])
    assert best_hours(early_and_unknown, of_all, 0.6, replies).tolist() == [9, 17]
    assert best_hours(early_and_unknown, of_all, 0.6, np.zeros(24)).tolist() == [-1, -1]
