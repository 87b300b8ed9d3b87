"""What the bot does to its own database when something happens."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Literal

from sandbox.world.bot_records import (
    Booking,
    BotConversation,
    BotData,
    BotMessage,
    Feedback,
    Lead,
    LeadInteraction,
    LlmInteraction,
)
from sandbox.world.people import Person, spell

STATUS_RANK = {"new": 0, "engaged": 1, "qualified": 2, "scheduled": 3, "converted": 4}
MODELS = ("gpt-4o-mini", "gpt-4.1-mini")


class BotSide:
    """One tenant's bot; every time is its clock's."""

    def __init__(self, data: BotData, clock: Callable[[], datetime]) -> None:
        self.data = data
        self._clock = clock

    def lead_of(self, person: Person, rng: random.Random, maturity_score: int) -> Lead:
        """The person's lead, made at their first word to the bot."""
        if person.lead_id is not None:
            return self.data.leads[person.lead_id]
        now = self._clock()
        lead = Lead(
            id=self.data.next_id("leads"),
            status="new",
            created_at=now,
            updated_at=now,
            phone=spell(rng, person.phone) if person.phone and rng.random() < 0.94 else None,
            name=person.name if rng.random() < 0.85 else person.name.split()[0],
            email=person.email if rng.random() < 0.5 else None,
            source_channel=person.source_channel,
            campaign_id=person.campaign_id,
            maturity_score=maturity_score if rng.random() < 0.97 else None,
        )
        person.lead_id = lead.id
        self.data.put("leads", lead)
        return lead

    def raise_status(self, lead: Lead, status: Literal["engaged", "qualified", "scheduled", "converted"]) -> None:
        """A lead only moves forward; one that was lost comes back."""
        if lead.status != "lost" and STATUS_RANK[lead.status] >= STATUS_RANK[status]:
            return
        lead.status = status
        self.touch(lead)

    def convert(self, lead: Lead) -> None:
        if lead.converted_at is None:
            lead.converted_at = self._clock()
        lead.status = "converted"
        self.touch(lead)

    def lose(self, lead: Lead, though_scheduled: bool = False) -> None:
        if lead.status != "converted" and (though_scheduled or lead.status != "scheduled"):
            lead.status = "lost"
            self.touch(lead)

    def touch(self, lead: Lead) -> None:
        lead.updated_at = self._clock()
        self.data.put("leads", lead)

    def open_conversation(self, lead: Lead, display_id: int | None, playbook: str | None) -> BotConversation:
        now = self._clock()
        conversation = BotConversation(
            id=self.data.next_id("conversations"),
            lead_id=lead.id,
            status="open",
            started_at=now,
            updated_at=now,
            chatwoot_conversation_id=display_id,
            playbook=playbook,
        )
        self.data.put("conversations", conversation)
        return conversation

    def message(
        self, conversation: BotConversation, sender: Literal["lead", "bot", "human"], content: str | None
    ) -> BotMessage:
        message = BotMessage(
            id=self.data.next_id("conversation_messages"),
            conversation_id=conversation.id,
            direction="in" if sender == "lead" else "out",
            sender=sender,
            content=content,
            created_at=self._clock(),
        )
        self.data.put("conversation_messages", message)
        return message

    def understand(
        self, conversation: BotConversation, rng: random.Random, intent: str, intents: tuple[str, ...]
    ) -> LlmInteraction:
        """The model reads a message: right nine times in ten; a person validates some of them."""
        right = rng.random() < 0.9
        found = intent if right else rng.choice(intents)
        row = LlmInteraction(
            id=self.data.next_id("llm_interactions"),
            conversation_id=conversation.id,
            intent=found,
            confidence=round(rng.betavariate(9, 1.6) if right else rng.betavariate(4, 3), 4),
            validated_intent=intent if rng.random() < 0.15 else None,
            model=rng.choice(MODELS),
            prompt_tokens=rng.randrange(350, 1900),
            completion_tokens=rng.randrange(15, 220),
            latency_ms=int(rng.lognormvariate(7.0, 0.45)),
            created_at=self._clock(),
        )
        self.data.put("llm_interactions", row)
        return row

    def hand_off(self, conversation: BotConversation, reason: str) -> None:
        """The first hand-off of a talk is the one that is kept."""
        if conversation.handoff_at is None:
            conversation.handoff_at, conversation.handoff_reason = self._clock(), reason
        conversation.updated_at = self._clock()
        self.data.put("conversations", conversation)

    def close(self, conversation: BotConversation, by: Literal["bot", "human"]) -> None:
        now = self._clock()
        conversation.status, conversation.resolved_by = "closed", by
        conversation.ended_at = conversation.updated_at = now
        self.data.put("conversations", conversation)

    def reopen(self, conversation: BotConversation) -> None:
        conversation.status, conversation.resolved_by, conversation.ended_at = "open", None, None
        conversation.updated_at = self._clock()
        self.data.put("conversations", conversation)

    def feedback(self, conversation: BotConversation, score: int | None, nps: int | None, comment: str | None) -> None:
        row = Feedback(self.data.next_id("feedback"), conversation.id, score, nps, comment, self._clock())
        self.data.put("feedback", row)

    def interaction(
        self, lead: Lead, kind: str, outcome: str, duration: int | None = None, agent: str | None = None
    ) -> None:
        row = LeadInteraction(
            self.data.next_id("lead_interactions"), lead.id, kind, outcome, duration, agent, self._clock()
        )
        self.data.put("lead_interactions", row)

    def book(
        self, lead: Lead, procedure: str | None, value: Decimal | None, currency: str | None, scheduled: datetime | None
    ) -> Booking:
        now = self._clock()
        booking = Booking(
            self.data.next_id("procedure_bookings"), lead.id, procedure, value, currency, now, scheduled, "booked", now
        )
        self.data.put("procedure_bookings", booking)
        self.raise_status(lead, "scheduled")
        return booking

    def settle(self, booking: Booking, status: Literal["attended", "no_show", "cancelled"]) -> None:
        booking.status, booking.updated_at = status, self._clock()
        self.data.put("procedure_bookings", booking)
