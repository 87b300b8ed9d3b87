"""What a step is doing, for whoever wants to draw it: `funil run` listens, nobody else has to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from orchestration.keys import Step


@dataclass(frozen=True)
class Progress:
    """A tenant began or ended a step, or is so far in it; of a step that takes all tenants at once, each of them does."""

    step: Step
    tenant_id: str
    state: Literal["started", "working", "succeeded", "failed"]
    seconds: float = 0.0
    sentence: str | None = None
    done: int = 0
    total: int = 0


Listener = Callable[[Progress], None]
_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Hands every event of this process's steps to the listener, from whichever thread it happens in."""
    if listener is None:
        yield
        return
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def tell(event: Progress) -> None:
    for listener in tuple(_listeners):
        listener(event)
