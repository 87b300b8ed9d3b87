"""A tenant is a partition, and a run works on a range of them.

Dagster keeps dynamic keys in the order they were added, and a run's range is everything between two keys of that order.
So ranges are cut when a run is asked for, around tenants that are no longer there, and never stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

TENANTS = dg.DynamicPartitionsDefinition(name="tenant")
PARTITIONS_NAME = "tenant"

# Dagster's names for a run's scope
PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"


@dataclass(frozen=True)
class TenantRange:
    """Neighbours in the order of the keys: what one run works on."""

    keys: tuple[str, ...]

    @property
    def tags(self) -> dict[str, str]:
        """The tags that give a run this scope."""
        if len(self.keys) == 1:
            return {PARTITION_TAG: self.keys[0]}
        return {RANGE_START_TAG: self.keys[0], RANGE_END_TAG: self.keys[-1]}

    @classmethod
    def of_tags(cls, tags: Mapping[str, str], ordered_keys: Sequence[str]) -> TenantRange:
        """The tenants of a run, from its tags; none for a run without partitions."""
        if PARTITION_TAG in tags:
            return cls((tags[PARTITION_TAG],))
        start, end = tags.get(RANGE_START_TAG), tags.get(RANGE_END_TAG)
        if start not in ordered_keys or end not in ordered_keys:
            return cls(())
        return cls(tuple(ordered_keys[ordered_keys.index(start) : ordered_keys.index(end) + 1]))


def cut_ranges(ordered_keys: Sequence[str], wanted: Collection[str], at_most: int) -> list[TenantRange]:
    """The wanted keys as ranges of at most so many. One that is not wanted splits a range; an unknown one is left out."""
    return [
        TenantRange(tuple(run[start : start + at_most]))
        for run in _neighbours(ordered_keys, frozenset(wanted))
        for start in range(0, len(run), at_most)
    ]


def _neighbours(ordered_keys: Sequence[str], wanted: frozenset[str]) -> Iterator[list[str]]:
    run: list[str] = []
    for key in ordered_keys:
        if key in wanted:
            run.append(key)
        elif run:
            yield run
            run = []
    if run:
        yield run
