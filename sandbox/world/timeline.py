"""What happens when: processes that each say when they want to go on, run in the order of time.

A process is a generator that yields the instant at which it wants to be resumed. The clock is the account's `now`, and
every resumption gets an instant of its own, so ids rise with time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from datetime import datetime, timedelta

Process = Generator[datetime, None, None]
MOMENT = timedelta(microseconds=1)


class Timeline:
    def __init__(self, start: datetime, set_clock: Callable[[datetime], None]) -> None:
        self.now = start
        self._set_clock = set_clock
        self._queue: list[tuple[datetime, int, Process]] = []
        self._started = 0

    def start(self, process: Process) -> None:
        """Run a process up to its first wish at once."""
        self._started += 1
        self._step(self._started, process)

    def run(self, until: datetime) -> None:
        queue = self._queue
        while queue and queue[0][0] <= until:
            at, number, process = heapq.heappop(queue)
            self._tick(at)
            self._step(number, process)
        self._tick(until)

    def _tick(self, at: datetime) -> None:
        self.now = at if at > self.now else self.now + MOMENT
        self._set_clock(self.now)

    def _step(self, number: int, process: Process) -> None:
        wish = next(process, None)
        if wish is not None:
            heapq.heappush(self._queue, (wish, number, process))
