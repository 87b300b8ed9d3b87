"""Bookings: when, what, for how much, and whether the person came."""

from __future__ import annotations

import random
from collections.abc import Generator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.world import outcome
from sandbox.world.bot_records import Booking, Lead
from sandbox.world.people import Person
from sandbox.world.profile import Procedure

if TYPE_CHECKING:
    from sandbox.world.simulation import Journey, Simulation


class Bookings:
    """Makes the tenant's bookings and follows each to its end."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim

    def slot(self, rng: random.Random, longest: int = 8) -> datetime:
        """A free time on one of the next working days, on the half hour."""
        sim = self.sim
        day = sim.working_day(1 + int(rng.expovariate(0.45)) % longest)
        window = sim.staff.window(day)
        assert window is not None
        halves = max(1, int((window[1] - window[0]) / timedelta(minutes=30)) - 1)
        return window[0] + timedelta(minutes=30) * rng.randrange(halves)

    def make(self, rng: random.Random, person: Person, lead: Lead, journey: Journey, slot: datetime) -> Booking:
        """A prospect's first booking, agreed in a talk."""
        booking = self._book(rng, lead, slot, [p for p in self.sim.profile.procedures if p.first])
        days = (slot - self.sim.now) / timedelta(days=1)
        journey.p_attend = outcome.p_attend(self.sim.profile.attend_base, days, journey.channel, journey.maturity_score)
        journey.booking_id = booking.id
        self.sim.begin(self._follow(rng, person, lead, booking, journey.p_attend, later=0))
        return booking

    def _book(self, rng: random.Random, lead: Lead, slot: datetime, choices: list[Procedure]) -> Booking:
        bot = self.sim.bot
        assert bot is not None
        procedure = rng.choices(choices, [p.weight for p in choices])[0]
        value: Decimal | None = Decimal(str(procedure.value)).quantize(Decimal("0.01"))
        currency: str | None = "BRL"
        if procedure.value:
            value = Decimal(str(round(procedure.value * rng.choice((0.9, 1.0, 1.0, 1.0, 1.1)), 2))).quantize(
                Decimal("0.01")
            )
        oddity = rng.random()
        if oddity < 0.03:
            value, currency = None, None
        elif oddity < 0.05:
            currency = None
        elif oddity < 0.065 and procedure.value:
            value, currency = (Decimal(str(procedure.value)) / 5).quantize(Decimal("0.01")), "USD"
        return bot.book(
            lead, procedure.name if rng.random() < 0.98 else None, value, currency, slot if oddity < 0.99 else None
        )

    def _follow(
        self, rng: random.Random, person: Person, lead: Lead, booking: Booking, p_attend: float, later: int
    ) -> Generator[datetime, None, None]:
        sim, bot = self.sim, self.sim.bot
        assert bot is not None
        due = booking.scheduled_for or sim.now + timedelta(days=2)
        fate = rng.random()
        if fate < 0.09:
            yield sim.now + (due - sim.now) * rng.uniform(0.1, 0.9)
            bot.settle(booking, "cancelled")
            if rng.random() < 0.5:
                bot.interaction(lead, "phone_call", "cancelled", rng.randrange(20, 240), _agent(sim, rng))
            return
        if rng.random() < 0.4:
            yield due - timedelta(hours=rng.uniform(3, 20))
            bot.interaction(
                lead, rng.choice(("reminder", "phone_call")), rng.choice(("confirmed", "no_answer")), None, None
            )
        comes = rng.random() < p_attend
        yield due + timedelta(minutes=rng.uniform(20, 300))
        if fate > 0.97:
            return  # nobody ever says what became of it
        if not comes:
            bot.settle(booking, "no_show")
            bot.interaction(
                lead, "phone_call", rng.choice(("no_answer", "refused")), rng.randrange(5, 180), _agent(sim, rng)
            )
            if rng.random() < 0.5:
                bot.lose(lead, though_scheduled=True)
            return
        bot.settle(booking, "attended")
        sim.make_member(person)
        if sim.profile.vertical == "clinic" or rng.random() < 0.6:
            bot.convert(lead)
        if later < 5 and rng.random() < sim.profile.again_base:
            yield sim.now + timedelta(
                days=rng.uniform(0.02, 2) if sim.profile.vertical == "gym" and later == 0 else rng.uniform(4, 35)
            )
            yield sim.staff.next_open(sim.now) + timedelta(seconds=rng.uniform(60, 9000))
            following = [p for p in sim.profile.procedures if not (p.first and p.value == 0)]
            again = self._book(rng, lead, self.slot(rng, longest=15), following)
            sim.begin(self._follow(rng, person, lead, again, 0.9, later + 1))


def _agent(sim: Simulation, rng: random.Random) -> str:
    return str(rng.choice(list(sim.account.users)))
