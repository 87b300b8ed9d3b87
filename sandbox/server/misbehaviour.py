"""Faults on request: what networks, proxies and busy servers do to a client, so many times or with a probability."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Kind = Literal["throttle", "error", "slow", "cut", "garbage", "reset", "shift", "vanish", "refuse"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(slots=True)
class Fault:
    """
    throttle   429, `Retry later`
    error      `status` (500) with Chatwoot's body, or a proxy's HTML for 502 and above
    slow       the answer comes after `seconds`
    cut        a Content-Length, half of the body, a closed connection
    garbage    a whole answer whose JSON is not
    reset      the connection is reset before anything is answered
    shift      pages after the first begin `rows` later: 1 as if a row before them had been deleted (one row is never
               shown), -1 as if one had been inserted (one row is shown twice)
    vanish     the conversation asked for is gone (404), and is no longer listed; `conversations` limits it to some

    Of the language model: throttle, error, slow, reset as above; cut is an answer that ends at the token limit, garbage one that
    is not the JSON asked for, and
    refuse     the model declines to answer
    """

    kind: Kind
    count: int | None = None
    probability: float = 1.0
    endpoints: Collection[str] | None = None
    seconds: float = 1.0
    status: int = 500
    rows: int = 1
    conversations: Collection[int] | None = None
    fired: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        if self.endpoints is None and self.kind == "vanish":
            self.endpoints = ("messages.list", "conversations.show")

    def applies(self, endpoint: str, path: dict[str, Any], page: int) -> bool:
        if self.count is not None and self.fired >= self.count:
            return False
        if self.endpoints is not None and endpoint not in self.endpoints:
            return False
        if self.kind == "shift" and page < 2:
            return False
        return self.conversations is None or str(path.get("conversation_id")) in {str(i) for i in self.conversations}


@dataclass(slots=True)
class Misbehaviour:
    seed: int = 0
    faults: list[Fault] = field(default_factory=list)
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def add(self, fault: Fault) -> Fault:
        self.faults.append(fault)
        return fault

    def clear(self) -> None:
        self.faults.clear()

    def next(self, endpoint: str, path: dict[str, Any], page: int) -> Fault | None:
        """The first fault that strikes this request; it is counted as fired."""
        for fault in self.faults:
            if fault.applies(endpoint, path, page) and self.rng.random() < fault.probability:
                fault.fired += 1
                return fault
        return None
