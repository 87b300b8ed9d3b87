"""Ranges: contiguous, of a bounded size, around whoever is not wanted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.partitions import TenantRange, cut_ranges


def cut(keys: str, wanted: str, at_most: int) -> list[str]:
    return ["".join(tenants.keys) for tenants in cut_ranges(list(keys), list(wanted), at_most)]


@pytest.mark.parametrize(
    ("keys", "wanted", "at_most", "expected"),
    [
        pytest.param("", "ab", 25, [], id="no keys yet"),
        pytest.param("abcd", "dcba", 25, ["abcd"], id="the order is the keys'"),
        pytest.param("abcd", "abcd", 3, ["abc", "d"], id="of a bounded size"),
        pytest.param("abcd", "abcd", 1, ["a", "b", "c", "d"], id="a run per tenant"),
        pytest.param("abcd", "abd", 25, ["ab", "d"], id="one that left splits"),
        pytest.param("abcd", "bcx", 25, ["bc"], id="one without a key is left out"),
    ],
)
def test_ranges(keys: str, wanted: str, at_most: int, expected: list[str]) -> None:
    assert cut(keys, wanted, at_most) == expected


@given(st.lists(st.integers(0, 40), unique=True), st.sets(st.integers(0, 40)), st.integers(1, 7))
def test_every_wanted_key_is_in_exactly_one_range_without_anyone_else(
    keys: list[int], wanted: set[int], at_most: int
) -> None:
    names = [f"t{key}" for key in keys]
    ranges = cut_ranges(names, [f"t{key}" for key in wanted], at_most)
    assert [key for tenants in ranges for key in tenants.keys] == [f"t{key}" for key in keys if key in wanted], (
        "each once, in order"
    )
    for tenants in ranges:
        assert len(tenants.keys) <= at_most
        assert TenantRange.of_tags(tenants.tags, names) == tenants, "what Dagster will make of its tags"


def test_a_run_without_partitions_has_no_tenants() -> None:
    assert TenantRange.of_tags({}, ["a"]).keys == ()
