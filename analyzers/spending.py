"""What reading costs, and who allows it: asked before each request, told after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Usage:
    """What some requests took; `cached_tokens` are among the prompt's."""

    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cost_usd + other.cost_usd,
        )


class Spending(Protocol):
    """A purse that many threads, and many processes, take from at once."""

    @property
    def is_limited(self) -> bool:
        """Whether there is a budget that could end."""
        ...

    def reserve(self, usd: float) -> bool:
        """Sets aside the most a request can cost; False where the budget has no room for it."""
        ...

    def settle(self, reserved_usd: float, engine: str, model: str, usage: Usage) -> None:
        """Gives back what was set aside and takes what was really spent, which may be nothing."""
        ...


class Unlimited:
    """Allows everything and keeps no account."""

    is_limited = False

    def reserve(self, usd: float) -> bool:
        return True

    def settle(self, reserved_usd: float, engine: str, model: str, usage: Usage) -> None:
        pass
