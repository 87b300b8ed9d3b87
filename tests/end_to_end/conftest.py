"""The installation the tests share: a first run costs more than what most of them look at afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.end_to_end import olist
from tests.end_to_end.installation import Installation, succeeded
from tests.end_to_end.pretend import PretendWorlds

HERE = Path(__file__).parent
SEEDS, SCALE = (7, 19, 101), 1.0 if LONG else 0.08
TROUBLED_SEED, TROUBLED_SCALE = 3, 0.04


@dataclass(frozen=True)
class House:
    """One installation after its first run. Who moves a world moves only their own."""

    installation: Installation
    story: PretendWorlds  # whose marts are compared with the truth
    troubled: PretendWorlds  # whose sources fail
    has_olist: bool  # the real funnel is a tenant too, where its files are


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever lives in an installation is tested by one worker: another would build it again, and tell stories from their middle."""
    for item in items:
        if item.path.parent == HERE:
            lives_in = {"house", "empty_installation", "exposed"}.intersection(getattr(item, "fixturenames", ()))
            for installation in lives_in:
                item.add_marker(pytest.mark.xdist_group(installation))


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with ExitStack() as leaving:
        installation = Installation(tmp_path_factory.mktemp("house") / "home")
        leaving.callback(installation.stop)
        has_olist = olist.is_here()
        if has_olist:
            olist.move_in(installation)
        story = leaving.enter_context(PretendWorlds(installation, SEEDS, SCALE, end))
        troubled = leaving.enter_context(PretendWorlds(installation, (TROUBLED_SEED,), TROUBLED_SCALE, end))
        succeeded(installation.funil("run", timeout=1800))
        yield House(installation, story, troubled, has_olist)


@pytest.fixture(scope="module")
def empty_installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One without tenants, in which nothing has run yet."""
    own = Installation(tmp_path_factory.mktemp("installation") / "home")
    yield own
    own.stop()
