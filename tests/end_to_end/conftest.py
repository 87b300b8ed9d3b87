from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.installation import Installation


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation for the tests of a module; its server is stopped when they are done."""
    home: Path = tmp_path_factory.mktemp("installation") / "home"
    own = Installation(home)
    yield own
    own.stop()
