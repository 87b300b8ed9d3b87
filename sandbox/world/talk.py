"""One talk, from the first word to the survey: as a process over the simulation."""

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


class Talk:
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

    # the whole talk

    def run(self) -> Walk:
        self.person.busy = True
        if self.began_by == "customer":
            yield from self._customer_begins()
        else:
            answered = yield from self._business_begins()
            if not answered:
                self._leave()
                return
        handed_off = True
        with_bot = self.inbox is None or self.inbox.agent_bot_id is not None
        if self.began_by == "customer" and with_bot and self.sim.bot:
            handed_off = yield from self._with_bot()
        if handed_off:
            yield from self._with_people()
        self.person.busy = False
        yield from self._afterwards()
        self._leave()

    def _leave(self) -> None:
        self.person.busy = False
        if self.conversation:
            self.sim.in_flight.discard(self.conversation.id)
            self.sim.finished_talks.append(self)

    # beginnings

    def _open(self, contact_id: int) -> None:
        sim, rng, inbox = self.sim, self.rng, self.inbox
        assert inbox is not None and self.door is not None
        attributes: dict[str, object] = {}
        if self.door.kind == "web":
            attributes = {
                "browser": {"browser_name": "Chrome", "device_name": "Unknown", "platform_name": "Android"},
                "referer": f"https://{sim.profile.slug}.example/{rng.choice(('', 'precos', 'contato'))}",
                "initiated_at": {"timestamp": sim.now.isoformat()},
                "browser_language": "pt",
            }
        elif self.door.kind == "email":
            attributes = {
                "source": "email",
                "mail_subject": rng.choice(("Orçamento", "Dúvida", "Consulta", "Proposta")),
            }
        conversation = sim.chatwoot.open_conversation(
            inbox,
            sim.account.contacts[contact_id],
            began_by=self.began_by,
            assignee=self.user if self.began_by == "agent" else None,
            additional_attributes=attributes,
            custom_attributes={"origem": self.journey.channel} if rng.random() < 0.15 else None,
        )
        self.conversation = conversation
        self.journey.conversation_id = conversation.id
        sim.in_flight.add(conversation.id)
        sim.ledger.journeys.append(self.journey)
        self.waiting_from = sim.now

    def _customer_begins(self) -> Walk:
        sim, rng = self.sim, self.rng
        if self.inbox is not None and self.door is not None:
            self._open(sim.contact_through(self.person, self.door, rng))
        if sim.bot and (self.inbox is None or self.inbox.agent_bot_id is not None):
            self._meet_bot()
        text = sim.texts.fill(rng, rng.choice(self.topic.open), self.fixed)
        hello = rng.random()
        if hello < 0.35:
            self._customer(sim.texts.say(rng, "greeting"))
            yield self._after(3, 40)
            self._customer(text)
        elif hello < 0.8:
            self._customer(f"{sim.texts.say(rng, 'greeting')}! {text}".replace("?!", "?"))
        else:
            self._customer(text)
        if self.topic.lead and rng.random() < 0.25:
            yield self._after(4, 60)
            self._customer(sim.texts.say(rng, "from_ad"))
        if self.door is not None and self.door.kind == "web" and rng.random() < 0.5:
            yield self._after(10, 60)
            sim.give_phone(self.person, self._conversation.contact_id)
            self._customer("Meu telefone é esse, pode me chamar no zap")
        conversation = self.conversation
        if conversation and sim.account.sla_policies and rng.random() < 0.9:
            yield self._after(0.2, 2)
            sim.chatwoot.apply_sla(conversation, 1 if rng.random() < 0.75 else 2)
        if conversation and conversation.status == "open" and sim.profile.teams and rng.random() < 0.35:
            yield self._after(0.2, 2)
            sim.chatwoot.assign_team(conversation, rng.choice(list(sim.account.teams)), "automation")
            if rng.random() < 0.4:
                sim.chatwoot.automation_writes(conversation, 7, sim.texts.say(rng, "automation"))

    def _business_begins(self) -> Choice:
        """An agent or a campaign writes first; whether the customer answers."""
        sim, rng = self.sim, self.rng
        assert self.inbox is not None and self.door is not None
        self.user = sim.agent(rng, self.inbox.id)
        self.fixed["agente"] = self.user.name.split()[0]
        by_hand = self.began_by == "agent" and rng.random() < 0.3
        self._open(sim.contact_through(self.person, self.door, rng, typed=by_hand))
        if self.began_by == "campaign":
            sim.chatwoot.campaign_writes(self._conversation, self.user, 3, sim.texts.say(rng, "campaign", self.fixed))
            answers = rng.random() < 0.3
        else:
            self._human(sim.texts.say(rng, "outreach", self.fixed))
            answers = rng.random() < 0.5
        self.waiting_from = None
        if answers:
            yield self._after(60, 40_000)
            self._customer(sim.texts.fill(rng, rng.choice(self.topic.open), self.fixed))
            return True
        yield self._staff_later(hours=rng.uniform(20, 60))
        self._resolve(self._agent())
        return False

    def _meet_bot(self) -> None:
        sim, rng = self.sim, self.rng
        assert sim.bot is not None
        new = self.person.lead_id is None
        self.lead = sim.bot.lead_of(self.person, rng, self.score)
        if new:
            phone = self.person.phone.canonical if self.person.phone and self.lead.phone else None
            sim.ledger.lead_phone[self.lead.id] = phone
            sim.ledger.lead_person[self.lead.id] = self.person
        elif self.lead.maturity_score is not None:
            self.score = self.journey.maturity_score = self.lead.maturity_score
        display_id = self.conversation.display_id if self.conversation else None
        playbook = rng.choice(("boas_vindas", "preco", "agendamento", "objecoes", None)) if self.topic.lead else None
        self.bot_talk = sim.bot.open_conversation(self.lead, display_id, playbook)
        self.journey.bot_conversation_id = self.bot_talk.id
        if self.conversation is None:
            sim.ledger.journeys.append(self.journey)
            self.waiting_from = sim.now

    # with the bot

    def _with_bot(self) -> Choice:
        """The bot's turn; whether people take over."""
        sim, rng, bot, talk = self.sim, self.rng, self.sim.bot, self.bot_talk
        assert bot is not None and talk is not None and self.lead is not None
        intents = tuple(sim.texts.topics)
        read = bot.understand(talk, rng, self.topic.name, intents)
        yield self._after(1.5, 7)
        self._bot(sim.texts.say(rng, "bot_hello", self.fixed))
        understood = read.intent == self.topic.name
        if understood:
            yield self._after(1, 3)
            self._bot(self._answer())
        else:
            yield self._after(1, 3)
            self._bot(sim.texts.say(rng, "bot_unsure"))
        if not self._engages():
            yield self._after(70_000, 90_000)
            if not self._bots():
                return True
            self._bot(sim.texts.say(rng, "bot_silent"))
            self._bot_closes()
            return False
        bot.raise_status(self.lead, "engaged")
        for _ in range(rng.choice((1, 1, 2, 3))):
            yield self._after(10, 400)
            if not self._bots():
                return True
            self._customer(self._more())
            bot.understand(talk, rng, self.topic.name, intents)
            yield self._after(1.5, 6)
            self._bot(sim.texts.say(rng, "bot_again", self.fixed) if rng.random() < 0.5 else self._answer())
        if self.topic.lead and self.score >= 55:
            bot.raise_status(self.lead, "qualified")
        wanted = self.topic.handoff + (0.25 if not understood else 0.0)
        if rng.random() < wanted:
            yield self._after(8, 200)
            if not self._bots():
                return True
            reason = sim.texts.reasons[0]
            if rng.random() < 0.5:
                self._customer(sim.texts.say(rng, "wants_human"))
            else:
                self._customer(self._more())
                reason = rng.choice(sim.texts.reasons[1:]) if understood else "baixa confiança"
            yield self._after(1, 5)
            self._hand_off(reason)
            return True
        if self.topic.lead:
            yield self._after(1, 4)
            self._bot(self._invitation())
            yield self._after(15, 900)
            if not self._bots():
                return True
            if self._books(after_seconds=5.0):
                yield from self._agree(self._bot)
            else:
                self._customer(sim.texts.say(rng, "decline"))
        yield self._after(20, 600)
        self._customer(sim.texts.say(rng, "thanks"))
        yield self._after(1, 5)
        self._bot(sim.texts.say(rng, "bot_bye"))
        yield self._after(30, 2500)
        if not self._bots():
            return True
        self._bot_closes()
        return False

    def _bots(self) -> bool:
        """Whether the bot still has the talk."""
        return self.conversation is None or self.conversation.status == "pending"

    def _hand_off(self, reason: str) -> None:
        sim = self.sim
        assert sim.bot is not None and self.bot_talk is not None
        self._bot(sim.texts.say(self.rng, "bot_handoff"))
        sim.bot.hand_off(self.bot_talk, reason)
        if self.conversation:
            sim.chatwoot.hand_off(self.conversation, self._robot())
        if self.lead and self.topic.lead and self.score >= 45:
            sim.bot.raise_status(self.lead, "qualified")
        self.waiting_from = sim.now

    def _bot_closes(self) -> None:
        assert self.sim.bot is not None and self.bot_talk is not None
        self.sim.bot.close(self.bot_talk, "bot")
        if self.conversation:
            self.sim.chatwoot.change_status(self.conversation, "resolved", self._robot())

    # with people

    def _with_people(self) -> Walk:
        sim, rng, conversation = self.sim, self.rng, self.conversation
        if conversation and rng.random() < 0.3 and conversation.assignee_id is None:
            yield self._after(0.2, 3)
            sim.chatwoot.assign(conversation, self._agent(), "system")
        if self.topic.mood == "negative" and conversation and rng.random() < 0.5:
            sim.chatwoot.set_priority(conversation, rng.choice(("high", "urgent")), "automation")
        if rng.random() < 0.03:
            yield from self._nobody_answers()
            return
        reply = sim.reply_at(rng)
        if rng.random() < 0.15:
            impatient = sim.now + timedelta(seconds=rng.uniform(200, 4000))
            if impatient < reply:
                yield impatient
                self._customer(rng.choice(("Oi?", "Alguém?", "Oi, ainda estou aguardando", "??", self._more())))
        yield reply
        if conversation and rng.random() < 0.12:
            sim.chatwoot.note(conversation, self._agent(), sim.texts.say(rng, "note"))
            yield self._after(5, 60)
        agent = self._agent()
        if sim.bot and self.lead and self.lead.assigned_to is None:
            self.lead.assigned_to = str(agent.id)
            sim.bot.touch(self.lead)
        if conversation and conversation.assignee_id is None and rng.random() < 0.85:
            giver = agent if rng.random() < 0.8 else sim.agent(rng, conversation.inbox_id)
            sim.chatwoot.assign(conversation, agent, giver)
            yield self._after(2, 20)
        waited = (sim.now - self.waiting_from).total_seconds() if self.waiting_from else 1.0
        first = self._human(sim.texts.say(rng, "human_hello", self.fixed))
        yield self._after(6, 120)
        self._human(self._answer())
        if first and rng.random() < 0.012:
            yield self._after(20, 300)
            if rng.random() < 0.5:
                sim.chatwoot.delete_message(first)
            else:
                sim.chatwoot.edit_message(first, f"{first.content} (corrigido)")
        if self.journey.engaged is None or self.journey.bot_conversation_id is not None:
            self.journey.first_reply_seconds = waited
        if not self._engages(again=self.journey.engaged is not None):
            if rng.random() < 0.35:
                yield self._staff_later(hours=rng.uniform(18, 40))
                self._human(sim.texts.say(rng, "chase", self.fixed))
            yield from self._finish(idle=True)
            return
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            yield self._after(15, 1500)
            self._customer(self._more())
            yield sim.reply_at(rng, quick=0.55)
            self._human(self._answer() if rng.random() < 0.5 else sim.texts.say(rng, "human_more", self.fixed))
        if self.topic.lead:
            yield self._after(5, 200)
            self._human(self._invitation())
            yield self._after(20, 5000)
            if self._books(after_seconds=waited):
                yield from self._agree(self._human)
            else:
                self._customer(sim.texts.say(rng, "decline"))
                if sim.bot and self.lead and rng.random() < 0.6:
                    sim.bot.lose(self.lead)
        yield from self._finish(idle=False)

    def _nobody_answers(self) -> Walk:
        """Left alone; some are closed by the system after a week, some stay open."""
        yield self._after(7 * 86_400, 7 * 86_400 + 3000)
        conversation = self.conversation
        if conversation and conversation.status == "open" and self.rng.random() < 0.6:
            self.sim.chatwoot.change_status(conversation, "resolved", "system", inactive_days=7)
            self._bot_talk_ends("human")

    def _finish(self, idle: bool) -> Walk:
        """Labels, a snooze now and then, thanks, and the resolution."""
        sim, rng, conversation = self.sim, self.rng, self.conversation
        if conversation and rng.random() < 0.45:
            sim.chatwoot.add_labels(conversation, self._labels(), self._agent())
        if conversation and rng.random() < 0.04 and conversation.status == "open":
            yield from self._snooze(conversation)
        elif conversation and rng.random() < 0.012 and conversation.status == "open":
            sim.chatwoot.change_status(conversation, "pending", self._agent())
            yield self._staff_later(hours=rng.uniform(1, 20))
            if conversation.status == "pending":
                sim.chatwoot.change_status(conversation, "open", self._agent())
        if not idle and rng.random() < 0.6:
            yield self._after(10, 1200)
            self._customer(sim.texts.say(rng, "thanks"))
            if rng.random() < 0.6:
                yield sim.reply_at(rng, quick=0.4)
                self._human(sim.texts.say(rng, "closing"))
        fate = rng.random()
        if fate < 0.02 and conversation:
            return
        if fate < 0.06 and conversation:
            yield self._after(7 * 86_400, 7 * 86_400 + 3000)
            if conversation.status == "open":
                sim.chatwoot.change_status(conversation, "resolved", "system", inactive_days=7)
                self._bot_talk_ends("human")
            return
        yield self._staff_later(hours=rng.uniform(16, 50) if idle else rng.lognormvariate(-0.4, 1.1))
        self._resolve(self._agent())

    def _snooze(self, conversation: Conversation) -> Walk:
        sim, rng = self.sim, self.rng
        until = self._staff_later(hours=rng.choice((1, 4, 24, 72)))
        sim.chatwoot.snooze(conversation, until, self._agent())
        if rng.random() < 0.25:
            yield sim.now + (until - sim.now) * rng.random()
            if conversation.status == "snoozed":
                self._customer(self._more())
        else:
            yield sim.chatwoot.wakes_at(until)
            sim.chatwoot.wake(conversation)

    def _agree(self, says: Says) -> Walk:
        """The visit is agreed, and booked where there is a bot to book it."""
        sim, rng = self.sim, self.rng
        self._customer(sim.texts.say(rng, "agree", self.fixed))
        yield self._after(3, 400)
        says(sim.texts.say(rng, "confirm", self.fixed))
        self.journey.visit_agreed, self.journey.visit_at = True, self.slot
        if sim.bot and self.lead and self.slot:
            sim.bookings.make(rng, self.person, self.lead, self.journey, self.slot)

    # after the end

    def _afterwards(self) -> Walk:
        sim, rng, conversation = self.sim, self.rng, self.conversation
        closed = conversation is None or conversation.status == "resolved"
        if not closed:
            return
        if self.bot_talk and sim.bot and rng.random() < 0.2:
            yield self._after(120, 20_000)
            self._rate_bot()
        if conversation is None or self.door is None:
            return
        if self.door.csat and rng.random() < 0.24:
            yield self._after(20, 30_000)
            yield from self._answer_survey(conversation)
        fate = rng.random()
        if fate < 0.07 * (1 + self.door.reopens):
            yield self._after(1500, 300_000)
            yield from self._goes_on()

    def resume(self) -> Walk:
        """A finished talk goes on, if it is still there and nothing else goes on."""
        conversation = self.conversation
        if conversation is None or conversation.id in self.sim.in_flight:
            return
        if conversation.id not in self.sim.account.conversations:
            return
        self.sim.in_flight.add(conversation.id)
        yield from self._goes_on()
        self._leave()

    def _goes_on(self) -> Walk:
        """After the resolution somebody has something to add."""
        sim, rng, conversation = self.sim, self.rng, self._conversation
        assert self.door is not None
        if self.person.busy or conversation.status != "resolved":
            return
        self.person.busy = True
        if rng.random() < self.door.reopens:
            yield from self._customer_returns()
        elif rng.random() < 0.5 and sim.staff.is_open(sim.now):
            sim.chatwoot.change_status(conversation, "open", self._agent())
            yield self._after(5, 60)
            self._human(sim.texts.say(rng, "reopen_agent", self.fixed))
            yield self._after(60, 4000)
            self._resolve(self._agent())
        else:
            self.person.busy = False
            again = Talk(sim, rng, self.person, self.topic, self.door, self.inbox)
            sim.begin(again.run())

    def _customer_returns(self) -> Walk:
        """The customer writes into the resolved conversation, which opens (or is the bot's) again."""
        sim, rng, conversation = self.sim, self.rng, self._conversation
        if self.bot_talk and sim.bot:
            sim.bot.reopen(self.bot_talk)
        self._customer(sim.texts.say(rng, "reopen_customer"))
        self.waiting_from = sim.now
        if conversation.status == "pending" and sim.bot and self.bot_talk:
            yield self._after(1.5, 6)
            if rng.random() < 0.4:
                self._bot(sim.texts.say(rng, "bot_again", self.fixed))
                yield self._after(600, 9000)
                self._bot_closes()
                return
            self._hand_off(rng.choice(sim.texts.reasons))
        yield sim.reply_at(rng)
        self._human(self._answer())
        yield self._after(30, 900)
        self._customer(sim.texts.say(rng, "thanks"))
        yield self._staff_later(hours=rng.uniform(0.1, 6))
        self._resolve(self._agent())

    def _answer_survey(self, conversation: Conversation) -> Walk:
        sim, rng = self.sim, self.rng
        rating = self._rating()
        comment = "csat_good" if rating >= 4 else "csat_bad" if rating <= 2 else "csat_neutral"
        if conversation.id not in sim.account.conversations:
            return
        response = sim.chatwoot.answer_csat(conversation, rating, rng.choice(sim.texts.phrases[comment]))
        if response and rng.random() < 0.08:
            yield self._after(600, 9 * 86_400)
            if response.id in sim.account.csat_responses:
                sim.chatwoot.correct_csat(response, max(1, min(5, rating + rng.choice((-2, -1, 1, 1)))))

    def _rate_bot(self) -> None:
        sim, rng = self.sim, self.rng
        assert sim.bot is not None and self.bot_talk is not None
        score = self._rating()
        nps = max(0, min(10, score * 2 + rng.choice((-1, 0, 0, 0, 1)))) if rng.random() < 0.8 else None
        key = "nps_good" if score >= 4 else "nps_bad"
        comment = rng.choice(sim.texts.phrases[key])
        sim.bot.feedback(self.bot_talk, score if rng.random() < 0.8 else None, nps, comment)

    def _rating(self) -> int:
        """Content customers were answered soon and had nothing to complain about."""
        waited = self.journey.first_reply_seconds or 10.0
        mean = 4.75 - 0.35 * min(waited / 3600.0, 4.0) - (1.6 if self.topic.mood == "negative" else 0.0)
        return max(1, min(5, round(self.rng.gauss(mean, 0.8))))

    # what is decided

    def _engages(self, again: bool = False) -> bool:
        """Whether the customer goes on after a reply, which is a matter of how long it took."""
        waited = self.journey.first_reply_seconds
        if waited is None:
            waited = (self.sim.now - self.waiting_from).total_seconds() if self.waiting_from else 1.0
            self.journey.first_reply_seconds = waited
        p = outcome.p_engage(self.topic.book if self.topic.lead else 1.0, waited, self.journey.channel)
        engaged = self.rng.random() < p
        if not again:
            self.journey.p_engage, self.journey.engaged = p, engaged
        return engaged

    def _books(self, after_seconds: float) -> bool:
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
        self.journey.p_book, self.journey.booked = p, booked
        return booked

    # who says what, on both sides where both know the talk

    @property
    def _conversation(self) -> Conversation:
        assert self.conversation is not None
        return self.conversation

    def _customer(self, text: str) -> None:
        rng, text = self.rng, typed(text, self.person.typing, self.rng)
        if self.conversation:
            attachments = None
            content: str | None = text
            if rng.random() < 0.02:
                content, attachments = None, [dict(rng.choice((IMAGE, AUDIO)))]
            email = self.door is not None and self.door.kind == "email"
            self.sim.chatwoot.customer_writes(self.conversation, content, attachments=attachments, by_email=email)
            text = content or ""
        if self.sim.bot and self.bot_talk:
            self.sim.bot.message(self.bot_talk, "lead", text)

    def _bot(self, text: str) -> None:
        if self.conversation:
            self.sim.chatwoot.bot_writes(self.conversation, self._robot(), text)
        if self.sim.bot and self.bot_talk:
            self.sim.bot.message(self.bot_talk, "bot", text)

    def _human(self, text: str) -> Message | None:
        sim, rng, message = self.sim, self.rng, None
        if self.conversation:
            failed = rng.choice(WHATSAPP_ERRORS) if rng.random() < 0.006 else None
            by_app = self.door is not None and self.door.kind == "whatsapp" and rng.random() < 0.012
            message = sim.chatwoot.agent_writes(
                self.conversation, None if by_app else self._agent(), text, failed=failed
            )
        if sim.bot and self.bot_talk:
            sim.bot.message(self.bot_talk, "human", text)
        return message

    def _more(self) -> str:
        """What the customer asks next, not twice the same."""
        rng, texts = self.rng, self.sim.texts
        choices: tuple[str | None, ...] = self.topic.more
        if self.topic.lead and rng.random() < 0.4:
            choices = texts.phrases["customer_more"]
        fresh = [template for template in choices if template and template not in self._said]
        template = rng.choice(fresh or texts.phrases["thanks"]) or ""
        self._said.add(template)
        return texts.fill(rng, template, self.fixed)

    def _invitation(self) -> str:
        """Names a day and an hour, which what follows keeps to."""
        rng = self.rng
        self.slot = self.sim.bookings.slot(rng)
        local = self.slot.astimezone(self.sim.zone)
        weekday = WEEKDAYS[local.weekday()]
        self.fixed["dia_marcado"] = f"{weekday} ({local:%d/%m})" if rng.random() < 0.6 else weekday
        self.fixed["hora_marcada"] = f"{local.hour}h{local.minute:02d}" if local.minute else f"{local.hour}h"
        return self.sim.texts.say(rng, "invite", self.fixed)

    def _labels(self) -> list[str]:
        """What fits the topic, and now and then what does not."""
        labels = self.sim.profile.labels
        fitting = [label for label, topics in labels.items() if self.topic.name in topics]
        if not fitting or self.rng.random() < 0.05:
            return [self.rng.choice(list(labels))]
        return fitting if self.rng.random() < 0.3 else [self.rng.choice(fitting)]

    def _answer(self) -> str:
        return self.sim.texts.fill(self.rng, self.rng.choice(self.topic.answer), self.fixed)

    def _robot(self) -> AgentBot:
        return next(iter(self.sim.account.agent_bots.values()))

    def _agent(self) -> User:
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

    def _resolve(self, by: User) -> None:
        if self.conversation:
            self.sim.chatwoot.change_status(self.conversation, "resolved", by)
        self._bot_talk_ends("human")

    def _bot_talk_ends(self, by: Literal["bot", "human"]) -> None:
        if self.sim.bot and self.bot_talk and self.bot_talk.status == "open":
            self.sim.bot.close(self.bot_talk, by)

    def _after(self, least: float, most: float) -> datetime:
        """Log-uniform between two numbers of seconds from now."""
        seconds = least * (most / least) ** self.rng.random()
        return self.sim.now + timedelta(seconds=seconds)

    def _staff_later(self, hours: float) -> datetime:
        """That many hours from now, or when the staff are next in."""
        later = self.sim.now + timedelta(hours=hours)
        opening = self.sim.staff.next_open(later)
        return later if opening == later else opening + timedelta(seconds=self.rng.uniform(60, 5400))
