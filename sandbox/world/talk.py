"""One talk, from the first word to the survey: as a process over the simulation."""

from __future__ import annotations

from sandbox.world.simulation import Walk
from sandbox.world.speaker import Choice, Speaker
from sandbox.world.talk_afterwards import afterwards, go_on
from sandbox.world.talk_with_bot import with_bot
from sandbox.world.talk_with_people import with_people


class Talk(Speaker):
    """A talk in the order of its parts."""

    def run(self) -> Walk:
        self.person.busy = True
        if self.began_by == "customer":
            yield from self._customer_begins()
            if self.in_vain:
                self.person.busy = False
                self._leave()
                return
        else:
            answered = yield from self._business_begins()
            if not answered:
                self.person.busy = False
                self._leave()
                return
        handed_off = True
        if self.began_by == "customer" and self.bot_talk:
            handed_off = yield from with_bot(self)
        if handed_off:
            yield from with_people(self)
        self.person.busy = False
        yield from afterwards(self)
        self._leave()

    def resume(self) -> Walk:
        """A finished talk goes on, if it is still there and nothing else goes on."""
        conversation = self.conversation
        if conversation is None or conversation.id in self.sim.in_flight:
            return
        if conversation.id not in self.sim.account.conversations:
            return
        self.sim.in_flight.add(conversation.id)
        yield from go_on(self)
        self._leave()

    def _leave(self) -> None:
        if self.conversation:
            self.sim.in_flight.discard(self.conversation.id)
            self.sim.finished_talks.append(self)

    def _open(self, contact_id: int) -> None:
        sim, rng, inbox = self.sim, self.rng, self.inbox
        assert inbox is not None
        assert self.door is not None
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
        if self.in_vain:
            self.says_customer(self.greeting())
            yield self.after(3, 40)
            self.says_customer(self.more())
            return
        if sim.bot and (self.inbox is None or self.inbox.agent_bot_id is not None):
            self._meet_bot()
        text = sim.texts.fill(rng, rng.choice(self.topic.open), self.fixed)
        hello = rng.random()
        if hello < 0.35:
            self.says_customer(self.greeting())
            yield self.after(3, 40)
            self.says_customer(text)
        elif hello < 0.8:
            self.says_customer(f"{self.greeting()}! {text}".replace("?!", "?"))
        else:
            self.says_customer(text)
        if self.topic.lead and rng.random() < 0.25:
            yield self.after(4, 60)
            self.says_customer(sim.texts.say(rng, "from_ad"))
        if self.door is not None and self.door.kind == "web" and rng.random() < 0.5:
            yield self.after(10, 60)
            sim.give_phone(self.person, self.in_chatwoot.contact_id)
            self.says_customer("Meu telefone é esse, pode me chamar no zap")
        conversation = self.conversation
        if conversation and sim.account.sla_policies and rng.random() < 0.9:
            yield self.after(0.2, 2)
            sim.chatwoot.apply_sla(conversation, 1 if rng.random() < 0.75 else 2)
        if conversation and conversation.status == "open" and sim.profile.teams and rng.random() < 0.35:
            yield self.after(0.2, 2)
            sim.chatwoot.assign_team(conversation, rng.choice(list(sim.account.teams)), "automation")
            if rng.random() < 0.4:
                sim.chatwoot.automation_writes(conversation, 7, sim.texts.say(rng, "automation"))

    def _business_begins(self) -> Choice:
        """An agent or a campaign writes first; whether the customer answers."""
        sim, rng = self.sim, self.rng
        assert self.inbox is not None
        assert self.door is not None
        self.user = sim.agent(rng, self.inbox.id)
        self.fixed["agente"] = self.user.name.split()[0]
        by_hand = self.began_by == "agent" and rng.random() < 0.3
        self._open(sim.contact_through(self.person, self.door, rng, typed=by_hand))
        if self.began_by == "campaign":
            sim.chatwoot.campaign_writes(self.in_chatwoot, self.user, 3, sim.texts.say(rng, "campaign", self.fixed))
            answers = rng.random() < 0.3
        else:
            self.says_human(sim.texts.say(rng, "outreach", self.fixed))
            answers = rng.random() < 0.5
        self.waiting_from = None
        if answers:
            yield self.after(60, 40_000)
            self.says_customer(sim.texts.fill(rng, rng.choice(self.topic.open), self.fixed))
            return True
        yield self.staff_later(hours=rng.uniform(20, 60))
        self.resolve(self.agent())
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

    def write_anew(self) -> None:
        """The customer comes back in a conversation of its own."""
        again = Talk(self.sim, self.rng, self.person, self.topic, self.door, self.inbox)
        self.sim.begin(again.run())
