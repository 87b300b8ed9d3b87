"""What a model's tokens cost and how long it lives, from a dated data file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml

_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float
    cached: float
    output: float
    cache_write: float | None = None

    def cost(self, prompt_tokens: int, cached_tokens: int, completion_tokens: int, written_tokens: int = 0) -> float:
        """Of one answer; tokens the cache held and those it took in are among the prompt's."""
        fresh = prompt_tokens - cached_tokens - written_tokens
        written = self.input if self.cache_write is None else self.cache_write
        millionths = (
            fresh * self.input
            + cached_tokens * self.cached
            + written_tokens * written
            + completion_tokens * self.output
        )
        return millionths / 1_000_000

    def at_most(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Of an answer of so many tokens, however the cache stands."""
        dearest = max(self.input, self.cache_write or 0.0)
        return (prompt_tokens * dearest + completion_tokens * self.output) / 1_000_000


@dataclass(frozen=True)
class PriceList:
    """Names of models may carry a date: `gpt-5.4-mini-2026-03-17` is a `gpt-5.4-mini`."""

    read_on: date
    default_model: str
    prices: Mapping[str, Price]
    ends: Mapping[str, date]

    def price(self, model: str) -> Price | None:
        return self.prices.get(model) or self.prices.get(_DATED.sub("", model))

    def ends_on(self, model: str) -> date | None:
        """The day the model is announced to end, if it is."""
        return self.ends.get(model) or self.ends.get(_DATED.sub("", model))


@cache
def load_prices() -> PriceList:
    """The price list of this version."""
    data = yaml.safe_load((Path(__file__).parent / "prices.yaml").read_text(encoding="utf-8"))
    return PriceList(
        read_on=data["read_on"],
        default_model=str(data["default"]),
        prices={name: Price(**price) for name, price in data["models"].items()},
        ends=dict(data["ends_on"]),
    )
