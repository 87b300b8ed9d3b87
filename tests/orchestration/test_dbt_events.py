"""What dbt logs is what it always logs, at each level; what it does not log it does not make."""

from __future__ import annotations

import subprocess
import sys

import pytest

# what is logged at the level given, and of which of the events a message was made
PROCESS = """
import io, sys
from dbt.events.types import MainReportArgs, MainReportVersion
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.logger import LoggerConfig
from orchestration.dbt_events import make_only_events_that_are_logged
make_only_events_that_are_logged()
out = io.StringIO()
manager = EventManager()
# a logger of another level beside it hides nothing
manager.add_logger(LoggerConfig(name="errors", level=EventLevel.ERROR, output_stream=io.StringIO()))
manager.add_logger(LoggerConfig(name="lines", level=EventLevel(sys.argv[1]), output_stream=out))
events = [MainReportArgs(args={"quiet": "true"}) for _ in range(2)] + [MainReportVersion(version="=1", log_version=3)]
manager.fire_event(events[0])
manager.fire_event(events[1], level=EventLevel.INFO)
manager.fire_event(events[2])
lines = [line.partition("  ")[2] for line in out.getvalue().splitlines()]
print(lines == [str(event.message()) for event in events[3 - len(lines):]], len(lines))
"""


@pytest.mark.parametrize(("level", "lines"), [("debug", 3), ("info", 2), ("warn", 0)])
def test_each_level_logs_its_events_and_those_above(level: str, lines: int) -> None:
    assert run(level) == f"True {lines}"


UNSAID = """
from dbt.events.types import MainReportArgs
from dbt_common.events.event_manager import EventManager
from orchestration.dbt_events import make_only_events_that_are_logged
make_only_events_that_are_logged()
event = MainReportArgs(args={"quiet": "true"})
EventManager().fire_event(event)
print("pb_msg" in vars(event), event.args, "pb_msg" in vars(event))
"""


def test_what_nobody_logs_is_made_when_somebody_asks_for_it() -> None:
    done = subprocess.run([sys.executable, "-c", UNSAID], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False {'quiet': 'true'} True"


def run(level: str) -> str:
    done = subprocess.run([sys.executable, "-c", PROCESS, level], capture_output=True, text=True, check=True)
    return done.stdout.strip()
