"""The pretend world: three tenants with thirteen months behind them, that can be moved on and asked for the truth.

    world = World.generate(seed=7, scale=1.0, end=datetime(2026, 11, 16, 15, tzinfo=UTC))
    world.tenants["boxcentral"].account            # what its Chatwoot shows
    world.advance(hours=6)
    world.truth("boxcentral")["conversations"]     # what really happened

Everything follows from the seed, the scale, the end and the advances: `recipe` gives them, `from_recipe` takes them.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from sandbox.world.arrivals import begin
from sandbox.world.bot_records import BotData
from sandbox.world.records import Account
from sandbox.world.simulation import Simulation
from sandbox.world.stir import stir
from sandbox.world.tenants import PROFILES, profile_of
from sandbox.world.truth import truth_of
from sandbox.world.truth_demand import rates

DEFAULT_END = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Nothing made while a world is made is garbage: looking for it again and again costs a third of the time."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


@dataclass(frozen=True)
class Advance:
    hours: float
    unannounced: bool = True


class TenantWorld:
    """One tenant: `settings` as in tenants.yaml but for how to connect, its Chatwoot account and its bot's rows."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self._advances = 0
        self.slug = simulation.profile.slug
        self.settings: dict[str, Any] = {
            "slug": self.slug,
            "name": simulation.profile.name,
            **simulation.profile.settings,
        }

    def live_through_history(self) -> None:
        """From the first day to the world's end."""
        begin(self.simulation)
        self.simulation.timeline.run(self.simulation.end)
        if self.bot:
            self.bot.changed.clear()

    def advance(self, hours: float, unannounced: bool = True) -> None:
        """This tenant alone lives on; `World.advance` moves them all and remembers it."""
        self._advances += 1
        simulation = self.simulation
        simulation.unannounced = unannounced
        until = simulation.now + timedelta(hours=hours)
        simulation.begin(stir(simulation, hours, self._advances))
        simulation.timeline.run(until)

    @property
    def account(self) -> Account:
        return self.simulation.account

    @property
    def bot(self) -> BotData | None:
        return self.simulation.bot.data if self.simulation.bot else None


class World:
    """All tenants. `history` lists the advances made since the history's end."""

    def __init__(self, seed: int, scale: float, end: datetime, slugs: Iterable[str]) -> None:
        self.seed, self.scale, self.end = seed, scale, end
        self.history: list[Advance] = []
        self.tenants: dict[str, TenantWorld] = {}
        with _without_collecting():
            for slug in slugs:
                self.tenants[slug] = TenantWorld(Simulation(profile_of(slug), seed, scale, end))
                self.tenants[slug].live_through_history()

    @classmethod
    def generate(
        cls,
        seed: int = 7,
        scale: float = 1.0,
        end: datetime = DEFAULT_END,
        slugs: Iterable[str] = tuple(PROFILES),
    ) -> World:
        """The same arguments always give the same world. A slug with a number, `bellapele_4`, is another like it."""
        if end.tzinfo is None:
            raise ValueError("the world's end needs a timezone")
        return cls(seed, scale, end.astimezone(UTC), slugs)

    @property
    def now(self) -> datetime:
        """The clock of all accounts."""
        return max(tenant.account.now for tenant in self.tenants.values())

    def advance(self, hours: float = 6, unannounced: bool = True) -> None:
        """Live on for some hours. `unannounced=False` leaves out what Chatwoot tells nobody: deletes, edits, merges."""
        for tenant in self.tenants.values():
            tenant.advance(hours, unannounced)
        self.history.append(Advance(hours, unannounced))

    def truth(self, slug: str) -> dict[str, pd.DataFrame]:
        """What really happened to a tenant so far; the frames are described in `sandbox.world.truth`."""
        return truth_of(self.tenants[slug].simulation)

    def rates(self, slug: str, start: datetime, end: datetime) -> pd.DataFrame:
        """How many talks of a tenant are to be expected in each hour, of the past or to come: see `truth_demand.rates`."""
        return rates(self.tenants[slug].simulation, start, end)

    def recipe(self) -> dict[str, Any]:
        """A JSON-able description from which `from_recipe` makes the same world."""
        return {
            "seed": self.seed,
            "scale": self.scale,
            "end": self.end.isoformat(),
            "slugs": list(self.tenants),
            "advances": [{"hours": a.hours, "unannounced": a.unannounced} for a in self.history],
        }

    @classmethod
    def from_recipe(cls, recipe: dict[str, Any]) -> World:
        end = datetime.fromisoformat(recipe["end"])
        world = cls.generate(recipe["seed"], recipe["scale"], end, recipe["slugs"])
        for advance in recipe["advances"]:
            world.advance(advance["hours"], advance["unannounced"])
        return world
