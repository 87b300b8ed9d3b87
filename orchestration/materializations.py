"""Materializations of many tenants, stored together.

One by one they cost two transactions each, and there is one per tenant and table of every step. Dagster
stores those of one asset in one statement where it logs them itself, for a range of partitions; here the tenants of a range
differ in what is said of them, so they are handed to it as such a batch.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventBatchMetadata, generate_event_batch_id

# Dagster's own switch, and how many it stores at once: without it batches are stored event by event
os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "500")

_KEPT_SECONDS = 5.0


class Materializations:
    """Those of one step: kept for a few seconds, then stored by asset. Whoever adds some calls `store` at the end."""

    def __init__(self, context: dg.AssetExecutionContext) -> None:
        self._context = context
        self._kept: dict[dg.AssetKey, list[dg.AssetMaterialization]] = {}
        self._stored_at = time.monotonic()

    def add(self, materializations: Iterable[dg.AssetMaterialization]) -> None:
        for materialization in materializations:
            self._kept.setdefault(materialization.asset_key, []).append(materialization)
        if time.monotonic() - self._stored_at > _KEPT_SECONDS:
            self.store()

    def store(self) -> None:
        step = self._context.get_step_execution_context()
        for materializations in self._kept.values():
            batch = generate_event_batch_id()
            for position, materialization in enumerate(materializations, start=1):
                is_end = position == len(materializations)
                DagsterEvent.asset_materialization(step, materialization, DagsterEventBatchMetadata(batch, is_end))
        self._kept.clear()
        self._stored_at = time.monotonic()
