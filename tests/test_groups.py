"""Tests that share what is dear to make are told by one worker, or each worker makes it again."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("a_group")
def test_a_group_of_tests_stays_with_one_worker(request: pytest.FixtureRequest) -> None:
    among_workers = hasattr(request.config, "workerinput")
    assert request.node.nodeid.endswith("@a_group") == among_workers
