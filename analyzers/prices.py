"""What a model's tokens cost, from a dated data file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float
    cached: float
    output: float
    ends_on: date | None = None

    def cost(self, prompt_tokens: int, cached_tokens: int, completion_tokens: int) -> float:
        """Of one answer; cached tokens are among the prompt's."""
        fresh = prompt_tokens - cached_tokens
        return (fresh * self.input + cached_tokens * self.cached + completion_tokens * self.output) / 1_000_000


@cache
def load_prices() -> tuple[str, dict[str, Price]]:
    """The model to take where the settings name none, and each known model's price."""
    data = yaml.safe_load((Path(__file__).parent / "prices.yaml").read_text(encoding="utf-8"))
    return str(data["default"]), {name: Price(**price) for name, price in data["models"].items()}
