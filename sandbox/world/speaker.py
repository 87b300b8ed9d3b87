"""Who says what in one talk, on both sides where both know it, and what is decided on the way."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Literal

from sandbox.world import outcome
from sandbox.world.bot_records import BotConversation, Lead
from sandbox.world.people import Person, typed
from sandbox.world.profile import Door
from sandbox.world.records import AgentBot, Conversation, Inbox, Message, User
from sandbox.world.simulation import Journey, Simulation, Walk
from sandbox.world.texts import Topic

WEEKDAYS = ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo")
WHATSAPP_ERRORS = (
    "131026: Message undeliverable",
    "131047: Re-engagement message",
    "131049: This message was not delivered to maintain healthy ecosystem engagement",
)
IMAGE = {"file_type": "image", "extension": "jpeg", "file_size": 84_213, "width": 1080, "height": 1350}
AUDIO = {"file_type": "audio", "extension": "ogg", "file_size": 23_010}
Choice = Generator[datetime, None, bool]
Says = Callable[[str], object]
Beginning = Literal["customer", "agent", "campaign"]


class Speaker:
    """Who talks about what, where; `conversation` is None for a talk only the bot knows."""

    def __init__(
        self,
        sim: Simulation,
        rng: random.Random,
        person: Person,
        topic: Topic,
        door: Door | None,
        inbox: Inbox | None,
        began_by: Beginning = "customer",
    ) -> None:
        self.sim, self.rng, self.person, self.topic = sim, rng, person, topic
        self.door, self.inbox, self.began_by = door, inbox, began_by
        self.conversation: Conversation | None = None
        self.bot_talk: BotConversation | None = None
        self.lead: Lead | None = None
        self.user: User | None = None
        self.waiting_from: datetime | None = None
        noise = rng.gauss(0.0, 1.0)
        self.score = outcome.maturity(topic.book, person.interest, noise)
        channel = sim.marketing.channel_of(person.source_channel, person.campaign_id)
        self.journey = Journey(topic.name, topic.lead, topic.mood, channel, self.score, None, None)
        self.slot: datetime | None = None
        self._said: set[str] = set()
        self.fixed = {
            "nome": person.name.split()[0],
            "business": sim.profile.name,
            "bot": sim.profile.bot_name or "",
            "agente": "",
            "uma_visita": rng.choice(sim.texts.phrases["visit"]) or "",
        }

    def agree(self, says: Says) -> Walk:
        """The visit is agreed, and booked where there is a bot to book it."""
        sim, rng = self.sim, self.rng
        self.says_customer(sim.texts.say(rng, "agree", self.fixed))
        yield self.after(3, 400)
        says(sim.texts.say(rng, "confirm", self.fixed))
        self.journey.visit_agreed, self.journey.visit_at = True, self.slot
        if sim.bot and self.lead and self.slot:
            sim.bookings.make(rng, self.person, self.lead, self.journey, self.slot)

    def engages(self, again: bool = False) -> bool:
        """Whether the customer goes on after a reply, which is a matter of how long it took."""
        waited = self.journey.first_reply_seconds
        if waited is None:
            waited = (self.sim.now - self.waiting_from).total_seconds() if self.waiting_from else 1.0
            self.journey.first_reply_seconds = waited
        p = outcome.p_engage(self.topic.book if self.topic.lead else 1.0, waited, self.journey.channel)
        engaged = self.rng.random() < p
        if not again:
            self.journey.p_engage, self.journey.engaged, self.journey.engaged_at = p, engaged, self.sim.now
        return engaged

    def books(self, after_seconds: float) -> bool:
        sim = self.sim
        local = sim.now.astimezone(sim.zone)
        p = outcome.p_book(
            sim.profile.book_base,
            self.topic.book,
            after_seconds,
            self.journey.channel,
            local.hour + local.minute / 60.0,
            self.score,
        )
        booked = self.rng.random() < p
        self.journey.p_book, self.journey.booked, self.journey.decided_at = p, booked, sim.now
        return booked

    @property
    def in_vain(self) -> bool:
        """Whether nobody will read this: a blocked contact's conversation is born resolved."""
        return self.conversation is not None and self.sim.account.contacts[self.conversation.contact_id].blocked

    @property
    def in_chatwoot(self) -> Conversation:
        assert self.conversation is not None
        return self.conversation

    def says_customer(self, text: str) -> None:
        rng, text = self.rng, typed(text, self.person.typing, self.rng)
        if self.conversation:
            attachments = None
            content: str | None = text
            if rng.random() < 0.02:
                content, attachments = None, [dict(rng.choice((IMAGE, AUDIO)))]
            email = self.door is not None and self.door.kind == "email"
            if self.door is not None and self.door.kind == "web":
                self.sim.chatwoot.seen(self.conversation, "contact")
            self.sim.chatwoot.customer_writes(self.conversation, content, attachments=attachments, by_email=email)
            text = content or ""
        if self.sim.bot and self.bot_talk:
            self.sim.bot.message(self.bot_talk, "lead", text)

    def says_bot(self, text: str) -> None:
        if self.conversation:
            self.sim.chatwoot.bot_writes(self.conversation, self.robot(), text)
        if self.sim.bot and self.bot_talk:
            self.sim.bot.message(self.bot_talk, "bot", text)

    def says_human(self, text: str) -> Message | None:
        sim, rng, message = self.sim, self.rng, None
        if self.conversation:
            failed = rng.choice(WHATSAPP_ERRORS) if rng.random() < 0.006 else None
            sim.chatwoot.seen(self.conversation, "agent")
            by_app = self.door is not None and self.door.kind == "whatsapp" and rng.random() < 0.012
            message = sim.chatwoot.agent_writes(
                self.conversation, None if by_app else self.agent(), text, failed=failed
            )
        if sim.bot and self.bot_talk:
            sim.bot.message(self.bot_talk, "human", text)
        return message

    def greeting(self) -> str:
        """Fitting the time of day."""
        hour = self.sim.now.astimezone(self.sim.zone).hour
        fitting = "om dia" if 5 <= hour < 12 else "oa tarde" if 12 <= hour < 18 else "oa noite"
        text = self.sim.texts.say(self.rng, "greeting")
        for said in ("om dia", "oa tarde", "oa noite"):
            text = text.replace(said, fitting)
        return text

    def more(self) -> str:
        """What the customer asks next, not twice the same."""
        rng, texts = self.rng, self.sim.texts
        choices: tuple[str | None, ...] = self.topic.more
        if self.topic.lead and rng.random() < 0.4:
            choices = texts.phrases["customer_more"]
        fresh = [template for template in choices if template and template not in self._said]
        template = rng.choice(fresh or texts.phrases["thanks"]) or ""
        self._said.add(template)
        return texts.fill(rng, template, self.fixed)

    def invitation(self) -> str:
        """Names a day and an hour, which what follows keeps to."""
        rng = self.rng
        self.slot = self.sim.bookings.slot(rng)
        local = self.slot.astimezone(self.sim.zone)
        weekday = WEEKDAYS[local.weekday()]
        self.fixed["dia_marcado"] = f"{weekday} ({local:%d/%m})" if rng.random() < 0.6 else weekday
        self.fixed["hora_marcada"] = f"{local.hour}h{local.minute:02d}" if local.minute else f"{local.hour}h"
        return self.sim.texts.say(rng, "invite", self.fixed)

    def labels(self) -> list[str]:
        """What fits the topic, and now and then what does not."""
        labels = self.sim.profile.labels
        fitting = [label for label, topics in labels.items() if self.topic.name in topics]
        if not fitting or self.rng.random() < 0.05:
            return [self.rng.choice(list(labels))]
        return fitting if self.rng.random() < 0.3 else [self.rng.choice(fitting)]

    def answer(self) -> str:
        return self.sim.texts.fill(self.rng, self.rng.choice(self.topic.answer), self.fixed)

    def robot(self) -> AgentBot:
        return next(iter(self.sim.account.agent_bots.values()))

    def agent(self) -> User:
        """Who has the talk: the assignee, as long as they work here."""
        users = self.sim.account.users
        assignee = users.get(self.conversation.assignee_id or 0) if self.conversation else None
        if assignee is not None and self.rng.random() < 0.94:
            self.user = assignee
        elif self.user is None or self.user.id not in users:
            inbox_id = self.inbox.id if self.inbox else next(iter(self.sim.account.inboxes))
            self.user = self.sim.agent(self.rng, inbox_id)
        self.fixed["agente"] = self.user.name.split()[0]
        return self.user

    def resolve(self, by: User) -> None:
        if self.conversation:
            self.sim.chatwoot.change_status(self.conversation, "resolved", by)
        self.bot_talk_ends("human")

    def bot_talk_ends(self, by: Literal["bot", "human"]) -> None:
        if self.sim.bot and self.bot_talk and self.bot_talk.status == "open":
            self.sim.bot.close(self.bot_talk, by)

    def hand_off(self, reason: str) -> None:
        sim = self.sim
        assert sim.bot is not None
        assert self.bot_talk is not None
        self.says_bot(sim.texts.say(self.rng, "bot_handoff"))
        sim.bot.hand_off(self.bot_talk, reason)
        if self.conversation:
            sim.chatwoot.hand_off(self.conversation, self.robot())
        if self.lead and self.topic.lead and self.score >= 45:
            sim.bot.raise_status(self.lead, "qualified")
        self.waiting_from = sim.now

    def bot_closes(self) -> None:
        assert self.sim.bot is not None
        assert self.bot_talk is not None
        self.sim.bot.close(self.bot_talk, "bot")
        if self.conversation:
            self.sim.chatwoot.change_status(self.conversation, "resolved", self.robot())

    def after(self, least: float, most: float) -> datetime:
        """Log-uniform between two numbers of seconds from now."""
        seconds = least * (most / least) ** self.rng.random()
        return self.sim.now + timedelta(seconds=seconds)

    def staff_later(self, hours: float) -> datetime:
        """That many hours from now, or when the staff are next in."""
        later = self.sim.now + timedelta(hours=hours)
        opening = self.sim.staff.next_open(later)
        return later if opening == later else opening + timedelta(seconds=self.rng.uniform(60, 5400))
