"""The people who write: names, phones (and the many ways to write one), and how each of them types."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass, field

from sandbox.world.bot_records import BotId
from sandbox.world.texts import load_names

WORDS = {"você": "vc", "quanto": "qto", "também": "tb", "porque": "pq", "por favor": "pfv", "não": "n", "para": "pra"}


@dataclass(slots=True)
class Phone:
    """A number and its canonical E.164 form; `local` is what follows the area code, ninth digit included."""

    canonical: str
    area: str = ""
    local: str = ""

    @property
    def mobile(self) -> bool:
        return len(self.local) == 9

    def e164(self, ninth_digit: bool = True) -> str:
        """As WhatsApp gives it to Chatwoot, for many older numbers without the ninth digit."""
        if ninth_digit or not self.mobile:
            return self.canonical
        return f"+55{self.area}{self.local[1:]}"


@dataclass(slots=True)
class Person:
    """A human being; `typing` is how they write, `interest` how much they want what is offered."""

    name: str
    phone: Phone | None
    email: str | None
    whatsapp_ninth_digit: bool
    typing: float
    interest: float
    source_channel: str | None = None
    campaign_id: BotId | None = None
    member: bool = False
    trade: str | None = None
    busy: bool = False
    lead_id: BotId | None = None
    contact_of: dict[str, int] = field(default_factory=dict)


class Phonebook:
    """Gives out numbers, each once."""

    def __init__(self, areas: tuple[str, ...]) -> None:
        self.areas = areas
        self._given: set[str] = set()

    def draw(self, rng: random.Random) -> Phone:
        while True:
            phone = self._any(rng)
            if phone.canonical not in self._given:
                self._given.add(phone.canonical)
                return phone

    def landline(self, rng: random.Random) -> Phone:
        area, local = rng.choice(self.areas), f"{rng.choice('2345')}{rng.randrange(10**7):07d}"
        return Phone(f"+55{area}{local}", area, local)

    def _any(self, rng: random.Random) -> Phone:
        kind = rng.random()
        if kind < 0.012:
            return Phone(rng.choice((f"+35191{rng.randrange(10**7):07d}", f"+1415555{rng.randrange(2000, 9999)}")))
        if kind < 0.02:
            return self.landline(rng)
        # most people live nearby, a few write from elsewhere (55 is also an area code)
        area = rng.choice(self.areas) if kind < 0.93 else rng.choice(("21", "31", "41", "55", "61", "71", "85", "98"))
        local = f"9{rng.choice('6789')}{rng.randrange(10**7):07d}"
        return Phone(f"+55{area}{local}", area, local)


def spell(rng: random.Random, phone: Phone) -> str:
    """The way a bot or a form might have stored it."""
    if not phone.area:
        return phone.canonical
    local = phone.local[1:] if phone.mobile and rng.random() < 0.3 else phone.local
    dashed = f"{local[:-4]}-{local[-4:]}"
    return rng.choice(
        (
            f"({phone.area}) {dashed}",
            f"55{phone.area}{local}",
            f"+55 {phone.area} {dashed}",
            f"+55{phone.area}{local}",
            f"{phone.area} {dashed}",
            f"{phone.area}{local}",
            f"0{phone.area} {dashed}",
            f"+55 ({phone.area}) {local}",
        )
    )


def draw_name(rng: random.Random) -> str:
    names = load_names()
    first, last = rng.choice(names.first), rng.choice(names.last)
    if rng.random() < 0.25:
        return f"{first} {rng.choice(names.last)} {last}"
    return f"{first} {last}"


def draw_person(rng: random.Random, phonebook: Phonebook) -> Person:
    name = draw_name(rng)
    email = None
    if rng.random() < 0.35:
        words = plain(name).lower().split()
        host = rng.choice(("example.com", "example.com.br", "mail.example"))
        email = f"{words[0]}.{words[-1]}{rng.randrange(10, 9999)}@{host}"
    return Person(
        name=name,
        phone=phonebook.draw(rng),
        email=email,
        whatsapp_ninth_digit=rng.random() < 0.6,
        typing=rng.random(),
        interest=rng.gauss(0.0, 1.0),
    )


def plain(text: str) -> str:
    """Without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def typed(text: str, typing: float, rng: random.Random) -> str:
    """The text as this person types it: the lower `typing`, the sloppier."""
    if typing > 0.55:
        return text
    if typing < 0.3:
        for word, short in WORDS.items():
            if word in text and rng.random() < 0.7:
                text = text.replace(word, short)
    if typing < 0.15:
        text = plain(text)
    if rng.random() < 0.7:
        text = text[:1].lower() + text[1:]
    if typing < 0.1 and len(text) > 12 and rng.random() < 0.3:
        spot = rng.randrange(3, len(text) - 3)
        text = text[:spot] + text[spot + 1] + text[spot] + text[spot + 2 :]
    return text.rstrip(".")
