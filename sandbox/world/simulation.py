"""One tenant at work: its account, its bot, its people, and the processes that move them."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sandbox.world.bookings import Bookings
from sandbox.world.bot_records import BotData, BotId
from sandbox.world.bot_side import BotSide
from sandbox.world.chatwoot import Chatwoot
from sandbox.world.founding import found_account
from sandbox.world.marketing import Marketing
from sandbox.world.opening import OpeningHours
from sandbox.world.people import Person, Phonebook, draw_person
from sandbox.world.profile import Door, Profile
from sandbox.world.records import Conversation, Message, User
from sandbox.world.rhythm import Rhythm, closed_dates
from sandbox.world.texts import Topic, load_texts
from sandbox.world.timeline import Process, Timeline

if TYPE_CHECKING:
    from sandbox.world.talk import Talk

HISTORY = timedelta(days=396)


@dataclass(slots=True)
class Journey:
    """The hidden truth of one talk: what it was about and what decided how it went."""

    topic: str
    lead: bool
    mood: str
    channel: str
    maturity_score: int
    conversation_id: int | None
    bot_conversation_id: BotId | None
    first_reply_seconds: float | None = None
    p_engage: float | None = None
    engaged: bool | None = None
    engaged_at: datetime | None = None
    p_book: float | None = None
    booked: bool | None = None
    decided_at: datetime | None = None
    p_attend: float | None = None
    visit_agreed: bool = False
    visit_at: datetime | None = None
    booking_id: BotId | None = None


@dataclass(slots=True)
class Ledger:
    """Who is who, as only the world knows it."""

    contact_phone: dict[int, str | None] = field(default_factory=dict)
    lead_phone: dict[BotId, str | None] = field(default_factory=dict)
    lead_person: dict[BotId, Person] = field(default_factory=dict)
    journeys: list[Journey] = field(default_factory=list)
    removed_conversations: list[int] = field(default_factory=list)
    arrivals: list[tuple[str, datetime]] = field(default_factory=list)


class Simulation:
    """Everything of one tenant that changes; the processes act through it."""

    def __init__(self, profile: Profile, seed: int, scale: float, end: datetime) -> None:
        self.profile, self.seed, self.scale, self.end = profile, seed, scale, end
        self.key = f"{seed}/{profile.slug}"
        self.zone = ZoneInfo(profile.timezone)
        first_day = (end - HISTORY).astimezone(self.zone).date()
        self.start = datetime.combine(first_day, time(0), self.zone).astimezone(end.tzinfo)
        self.texts = load_texts(profile.texts)
        self.closed = closed_dates(profile.subdivision, self.start.year - 1, end.year + 2)
        self.staff = OpeningHours(profile.timezone, profile.staff_hours, self.closed)
        self.account = found_account(profile, self.key, self.start)
        self.chatwoot = Chatwoot(self.account)
        self.doors = list(zip(profile.doors, self.account.inboxes.values(), strict=True))
        self.bot: BotSide | None = None
        if profile.bot_name:
            data = BotData(seed=int.from_bytes(self.key.encode()[-12:], "big"), id_type=profile.bot_id_type)
            self.bot = BotSide(data, lambda: self.account.now)
        self.marketing = Marketing(profile, self.key, self.start, end, self.bot)
        self.ledger = Ledger()
        self.phonebook = Phonebook(profile.areas)
        self.rhythms: dict[str, Rhythm] = {}
        self.people: list[Person] = []
        self.members: list[Person] = []
        self.strangers: list[Person] = []
        self.contacts_by_phone: dict[str, int] = {}
        self.in_flight: set[int] = set()
        self.finished_talks: deque[Talk] = deque(maxlen=max(150, int(150 * scale)))
        self.unannounced = True
        self.timeline = Timeline(self.start, self._set_clock)
        self.bookings = Bookings(self)
        self._emails: set[str] = set()
        self._lead_topics = [t for t in self.texts.topics.values() if t.lead]
        self._topics = [t for t in self.texts.topics.values() if t.weight]
        self._topic_weights = [t.weight for t in self._topics]

    @property
    def now(self) -> datetime:
        return self.account.now

    def _set_clock(self, now: datetime) -> None:
        sla = self.chatwoot.sla
        while sla.next_run is not None and sla.next_run <= now:
            self.account.now = max(sla.next_run, self.account.now)
            sla.run()
        self.account.now = now

    def rng(self, *about: object) -> random.Random:
        """A stream of its own, the same in every run."""
        return random.Random("/".join([self.key, *map(str, about)]))

    def begin(self, process: Process) -> None:
        self.timeline.start(process)

    # people

    def new_person(self, rng: random.Random, member: bool = False) -> Person:
        person = draw_person(rng, self.phonebook)
        if self.people and rng.random() < 0.008:
            person.phone = rng.choice(self.people).phone  # a family's, or a couple's
        person.member = member
        self.people.append(person)
        if member:
            self.members.append(person)
        return person

    def make_member(self, person: Person) -> None:
        if not person.member:
            person.member = True
            self.members.append(person)

    def free_person(self, rng: random.Random, members: bool) -> Person | None:
        """Somebody known who is not in a talk just now; the more recent the likelier."""
        pool = self.members if members else self.people
        for _ in range(6):
            if not pool:
                return None
            person = pool[int(len(pool) * (1 - rng.random() ** 2 * 0.999)) - 1]
            if not person.busy and person.trade is None:
                return person
        return None

    def contact_through(self, person: Person, door: Door, rng: random.Random, typed: bool = False) -> int:
        """The person's contact behind an inbox: the same row where Chatwoot would find one, else another."""
        known = person.contact_of.get(door.kind)
        if known in self.account.contacts and known is not None and not typed:
            return known
        phone = None
        if person.phone and (door.kind == "whatsapp" or typed):
            phone = person.phone.e164(ninth_digit=typed or person.whatsapp_ninth_digit)
        contact_id = self.contacts_by_phone.get(phone) if phone else None
        if contact_id is None:
            email = person.email if door.kind == "email" or rng.random() < 0.2 else None
            name = self._shown_name(person, door, rng)
            contact_id = self.chatwoot.create_contact(name, phone_number=phone, email=self._unused(email)).id
            self.ledger.contact_phone[contact_id] = person.phone.canonical if phone and person.phone else None
            if phone:
                self.contacts_by_phone[phone] = contact_id
        if not typed:
            person.contact_of[door.kind] = contact_id
        return contact_id

    def give_phone(self, person: Person, contact_id: int) -> None:
        """A visitor tells the phone: it stands on their contact, unless another contact has it already."""
        contact = self.account.contacts.get(contact_id)
        if contact is None or person.phone is None or contact.phone_number:
            return
        phone = person.phone.e164()
        if phone not in self.contacts_by_phone:
            self.chatwoot.update_contact(contact, phone_number=phone, name=person.name)
            self.contacts_by_phone[phone] = contact_id
            self.ledger.contact_phone[contact_id] = person.phone.canonical

    def _unused(self, email: str | None) -> str | None:
        """E-mails are unique in an account."""
        if email is None or email in self._emails:
            return None
        self._emails.add(email)
        return email

    def _shown_name(self, person: Person, door: Door, rng: random.Random) -> str:
        if door.kind == "web":
            first = rng.choice(("calmo", "veloz", "azul", "silent", "brave"))
            return f"{first}-{rng.choice(('rio', 'mar', 'sun', 'leaf'))}-{rng.randrange(999)}"
        if door.kind == "instagram":
            return person.name.lower().replace(" ", ".")
        return person.name if rng.random() < 0.8 else person.name.split()[0]

    # talks

    def choose_door(self, rng: random.Random) -> int:
        return rng.choices(range(len(self.doors)), [door.share for door, _ in self.doors])[0]

    def choose_topic(self, rng: random.Random) -> Topic:
        return rng.choices(self._topics, self._topic_weights)[0]

    def lead_topic(self, rng: random.Random) -> Topic:
        return rng.choices(self._lead_topics, [t.weight for t in self._lead_topics])[0]

    def agent(self, rng: random.Random, inbox_id: int) -> User:
        """Somebody of that inbox who is still there."""
        members = self.account.inboxes[inbox_id].member_ids
        return self.account.users[rng.choice(members)]

    def reply_at(self, rng: random.Random, quick: float = 1.0) -> datetime:
        """When the staff get round to answering: in working time, slower at lunch and on Mondays; rarely at night."""
        local = self.now.astimezone(self.zone)
        load = 1.0 + (0.6 if 11 <= local.hour < 14 else 0.0) + (0.4 if local.weekday() == 0 else 0.0)
        seconds = self.profile.reply_seconds * load * quick * rng.lognormvariate(0.0, 0.95)
        if rng.random() < 0.05:
            return self.now + timedelta(seconds=60 + 3 * seconds)
        return self.staff.add_open_seconds(self.now, 8 + seconds) + timedelta(microseconds=rng.randrange(10**6))

    def working_day(self, ahead: int) -> date:
        """The local date that many working days from now."""
        day = self.now.astimezone(self.zone).date()
        while ahead > 0:
            day += timedelta(days=1)
            if self.staff.window(day) is not None:
                ahead -= 1
        return day

    def settled_conversations(self) -> Iterator[Conversation]:
        """Newest first, those no process is still working on."""
        for conversation in reversed(self.account.conversations.values()):
            if conversation.id not in self.in_flight:
                yield conversation

    def old_message(self, rng: random.Random, sender: str) -> Message | None:
        """One of that kind of sender, in a settled conversation of late that is at least a day old."""
        recent = []
        for conversation in self.settled_conversations():
            if conversation.created_at < self.now - timedelta(days=1):
                recent.append(conversation.id)
            if len(recent) == 30:
                break
        rng.shuffle(recent)
        for conversation_id in recent:
            found = []
            for message_id in self.account.messages_of[conversation_id]:
                message = self.account.messages[message_id]
                deleted = "deleted" in message.content_attributes
                if message.sender_type == sender and message.content and not (message.private or deleted):
                    found.append(message)
            if found:
                return rng.choice(found)
        return None


Walk = Generator[datetime, None, None]
