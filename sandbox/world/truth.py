"""What really happened in the pretend world, as DataFrames.

`World.truth(slug)` answers from the world's own memory of what it did: who is who, what kind each message was, when each
thing happened. It is never derived from how a row looks, so that figures computed from it check figures computed from the
rows. It always speaks of now: after `advance` it holds the new state, without what has been deleted since.

All instants are aware UTC (`datetime64[us, UTC]`), dates are `datetime.date`, money is `Decimal`. Missing is None, NaT or NA;
nullable integers are `Int64`. Ids of the bot are text. `conversation_id` is the marts' key: `chatwoot-<display id>`, or
`bot-<id>` for a talk that only the bot knows (also one whose Chatwoot conversation has been deleted). `person_id` is one
person as defined: same canonical phone, or a bot talk linked to an existing Chatwoot conversation; two contacts without phone
are two people.

people            person_id, phone (canonical E.164), name, contact_ids (tuple of int), lead_ids (tuple of text)
contacts          contact_id, person_id, name, phone (canonical), phone_written, email, anonymous, created_at
leads             lead_id, person_id, phone (canonical), phone_written, name, source_channel, campaign_id, channel (source_channel,
                  else the campaign's, else '(none)'), maturity_score, status, created_at, updated_at, converted_at
conversations     conversation_id, source (chatwoot|bot), database_id, display_id, bot_conversation_id, contact_id, lead_id,
                  person_id, inbox_id, inbox_channel, created_at (Chatwoot's creation, else the bot's started_at), status
                  (Chatwoot's open|resolved|pending|snoozed, else the bot's open|closed), closed, assignee_id, team_id, labels
                  (tuple), priority, snoozed_until, first_reply_at, waiting_since, sla_policy_id, began_by (customer|agent|
                  campaign), started_at (the bot's), ended_at, resolved_by (bot|human), handoff_at (the bot's),
                  handoff_reason, playbook, bot_took_part, has_human_reply
messages          conversation_id, source (chatwoot|bot), message_id (text), at, kind, incoming, user_id, deleted, failed,
                  content, position (within the conversation; instants never tie with an earlier position's being later)
                  kind: customer | human (also an echo of the phone's app) | bot | automation | campaign (a user's campaign
                  message) | template (greeting, out of office, survey) | note (private) | activity.
                  A talk known to Chatwoot shows Chatwoot's messages only.
bot_messages      conversation_id, bot_conversation_id, message_id, at, kind (customer|bot|human), content: the bot's own copy
events            conversation_id, at, name (created|handed_off|opened|resolved|bot_resolved|snoozed|pending), by (user|bot|
                  contact|automation|system), user_id, position; Chatwoot's talks only, in the order of happening. A hand-off is
                  `opened` and then `handed_off` at one instant (Chatwoot's own event is written for the first only); a
                  resolution before any person wrote in a bot's inbox is `resolved` and then `bot_resolved`. `opened` is any
                  transition to open. Not every one leaves an activity message: Chatwoot writes none when a customer's message
                  opens a conversation outside API inboxes, nor when a snooze ends by itself; nor when a customer's message hands
                  a resolved conversation back to the bot (`pending`). Reporting events tell of all openings.
reporting_events  id, conversation_id, name, value, value_in_business_hours, user_id, event_start_time, event_end_time, created_at
csat              response_id, conversation_id, contact_id, agent_id, rating (now), first_rating, feedback_message, created_at,
                  updated_at
feedback          feedback_id, conversation_id, bot_conversation_id, score, nps_score, comment, created_at
bookings          booking_id, lead_id, person_id, procedure, value, currency, booked_at, scheduled_for, status, updated_at,
                  channel (the lead's), campaign_id, attended_at (scheduled_for, else booked_at; none unless attended)
campaigns         campaign_id, name, channel, started_on, ended_on
campaign_costs    campaign_id, cost_date, cost, currency, impressions, clicks, channel
llm_interactions  id, conversation_id, bot_conversation_id, intent, confidence, validated_intent, model, prompt_tokens,
                  completion_tokens, latency_ms, created_at
lead_interactions id, lead_id, type, outcome, duration_seconds, agent_id, created_at
agents            user_id, name, email, role, removed
inboxes           inbox_id, name, channel_type, timezone, working_hours_enabled, has_bot
teams             team_id, name
labels            label_id, title
applied_slas      id, conversation_id, sla_policy_id, status, created_at
sla_events        id, applied_sla_id, conversation_id, event_type, created_at
journeys          conversation_id, topic, is_lead, mood (positive|neutral|negative), channel, maturity_score, first_reply_seconds
                  (what decided), p_engage, engaged, p_book, booked, p_attend, visit_agreed, visit_at, booking_id: the hidden
                  truth that an analyser or a model tries to find
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from sandbox.world.bot_records import BotData, BotId
from sandbox.world.identity import People
from sandbox.world.simulation import Simulation

INSTANTS = {
    "at",
    "created_at",
    "updated_at",
    "converted_at",
    "snoozed_until",
    "first_reply_at",
    "waiting_since",
    "started_at",
    "ended_at",
    "handoff_at",
    "event_start_time",
    "event_end_time",
    "booked_at",
    "scheduled_for",
    "attended_at",
    "visit_at",
}
INTEGERS = {
    "database_id",
    "display_id",
    "contact_id",
    "inbox_id",
    "assignee_id",
    "team_id",
    "sla_policy_id",
    "user_id",
    "agent_id",
    "rating",
    "first_rating",
    "score",
    "nps_score",
    "maturity_score",
    "impressions",
    "clicks",
    "duration_seconds",
    "position",
}

FLAGS = {
    "anonymous",
    "closed",
    "bot_took_part",
    "has_human_reply",
    "incoming",
    "deleted",
    "failed",
    "is_lead",
    "visit_agreed",
}
MAYBE_FLAGS = {"engaged", "booked"}


def truth_of(sim: Simulation) -> dict[str, pd.DataFrame]:
    """All frames of one tenant, as of now."""
    return Truth(sim).frames()


def frame(rows: Iterable[Sequence[Any]], columns: str) -> pd.DataFrame:
    """Rows with the column types promised above, also where there are none."""
    names = columns.split()
    data = pd.DataFrame(list(rows), columns=names, dtype=object)
    for name in names:
        if name in INSTANTS:
            data[name] = pd.to_datetime(data[name], utc=True).astype("datetime64[us, UTC]")
        elif name in INTEGERS:
            data[name] = data[name].astype("Int64")
        elif name in FLAGS:
            data[name] = data[name].astype("bool")
        elif name in MAYBE_FLAGS:
            data[name] = data[name].astype("boolean")
    return data


class Truth:
    def __init__(self, sim: Simulation) -> None:
        self.sim, self.account = sim, sim.account
        self.bot: BotData | None = sim.bot.data if sim.bot else None
        self.people = People(sim)
        self._bot_talk_of = {
            talk.chatwoot_conversation_id: talk for talk in self._rows("conversations") if talk.chatwoot_conversation_id
        }

    def frames(self) -> dict[str, pd.DataFrame]:
        conversations = self._conversations()
        return {
            "people": self._people(),
            "contacts": self._contacts(),
            "leads": self._leads(),
            "conversations": conversations,
            "messages": self._messages(),
            "bot_messages": self._bot_messages(),
            "events": self._events(),
            "csat": self._csat(),
            "bookings": self._bookings(),
            "journeys": self._journeys(),
            **self._bot_tables(),
            **self._chatwoot_tables(),
        }

    # keys

    def _key(self, conversation_id: int) -> str:
        return f"chatwoot-{self.account.conversations[conversation_id].display_id}"

    def _bot_key(self, bot_conversation_id: BotId) -> str:
        assert self.bot is not None
        display_id = self.bot.conversations[bot_conversation_id].chatwoot_conversation_id
        return f"chatwoot-{display_id}" if display_id in self.account.by_display_id else f"bot-{bot_conversation_id}"

    def _rows(self, table: str) -> Iterable[Any]:
        return self.bot.rows[table].values() if self.bot else ()

    def _channel(self, lead_id: BotId) -> str:
        assert self.bot is not None
        lead = self.bot.leads[lead_id]
        return self.sim.marketing.channel_of(lead.source_channel, lead.campaign_id)

    # frames

    def _people(self) -> pd.DataFrame:
        def name(contacts: list[int], leads: list[str]) -> str | None:
            if self.bot and leads:
                known: Mapping[BotId, Any] = self.bot.leads
                lead = known.get(leads[0]) or known[int(leads[0])]
                return self.sim.ledger.lead_person[lead.id].name
            return self.account.contacts[contacts[0]].name if contacts else None

        return frame(
            (
                (person_id, self.people.phones.get(person_id), name(contacts, leads), tuple(contacts), tuple(leads))
                for person_id, (contacts, leads) in self.people.members.items()
            ),
            "person_id phone name contact_ids lead_ids",
        )

    def _contacts(self) -> pd.DataFrame:
        phones = self.sim.ledger.contact_phone
        return frame(
            (
                (
                    c.id,
                    self.people.of_contact(c.id),
                    c.name,
                    phones.get(c.id),
                    c.phone_number,
                    c.email,
                    not (c.phone_number or c.email or c.identifier),
                    c.created_at,
                )
                for c in self.account.contacts.values()
            ),
            "contact_id person_id name phone phone_written email anonymous created_at",
        )

    def _leads(self) -> pd.DataFrame:
        return frame(
            (
                (
                    str(lead.id),
                    self.people.of_lead(lead.id),
                    self.sim.ledger.lead_phone.get(lead.id),
                    lead.phone,
                    lead.name,
                    lead.source_channel,
                    _text(lead.campaign_id),
                    self._channel(lead.id),
                    lead.maturity_score,
                    lead.status,
                    lead.created_at,
                    lead.updated_at,
                    lead.converted_at,
                )
                for lead in self._rows("leads")
            ),
            "lead_id person_id phone phone_written name source_channel campaign_id channel maturity_score status created_at "
            "updated_at converted_at",
        )

    def _conversations(self) -> pd.DataFrame:
        rows: list[tuple[Any, ...]] = []
        journal = self.sim.chatwoot.journal
        bot_wrote = {
            self.account.messages[i].conversation_id
            for i, kind in journal.message_kinds.items()
            if kind == "bot" and i in self.account.messages
        }
        for c in self.account.conversations.values():
            inbox = self.account.inboxes[c.inbox_id]
            talk = self._bot_talk_of.get(c.display_id)
            with_bot = inbox.agent_bot_id is not None or talk is not None or c.id in bot_wrote
            rows.append(
                (
                    f"chatwoot-{c.display_id}",
                    "chatwoot",
                    c.id,
                    c.display_id,
                    _text(talk.id) if talk else None,
                    c.contact_id,
                    _text(talk.lead_id) if talk else None,
                    self.people.of_contact(c.contact_id),
                    c.inbox_id,
                    inbox.channel_type,
                    c.created_at,
                    c.status,
                    c.status == "resolved",
                    c.assignee_id,
                    c.team_id,
                    tuple(c.labels),
                    c.priority,
                    c.snoozed_until,
                    c.first_reply_created_at,
                    c.waiting_since,
                    c.sla_policy_id,
                    journal.began_by[c.id],
                    talk.started_at if talk else None,
                    talk.ended_at if talk else None,
                    talk.resolved_by if talk else None,
                    talk.handoff_at if talk else None,
                    talk.handoff_reason if talk else None,
                    talk.playbook if talk else None,
                    with_bot,
                    c.id in journal.human_replies,
                )
            )
        people_wrote = {m.conversation_id for m in self._rows("conversation_messages") if m.sender == "human"}
        for talk in self._rows("conversations"):
            if talk.chatwoot_conversation_id in self.account.by_display_id:
                continue
            rows.append(
                (
                    f"bot-{talk.id}",
                    "bot",
                    None,
                    None,
                    str(talk.id),
                    None,
                    str(talk.lead_id),
                    self.people.of_lead(talk.lead_id),
                    None,
                    None,
                    talk.started_at,
                    talk.status,
                    talk.status == "closed",
                    None,
                    None,
                    (),
                    None,
                    None,
                    None,
                    None,
                    None,
                    "customer",
                    talk.started_at,
                    talk.ended_at,
                    talk.resolved_by,
                    talk.handoff_at,
                    talk.handoff_reason,
                    talk.playbook,
                    True,
                    talk.id in people_wrote,
                )
            )
        return frame(
            rows,
            "conversation_id source database_id display_id bot_conversation_id contact_id lead_id person_id inbox_id "
            "inbox_channel created_at status closed assignee_id team_id labels priority snoozed_until first_reply_at "
            "waiting_since sla_policy_id began_by started_at ended_at resolved_by handoff_at handoff_reason playbook "
            "bot_took_part has_human_reply",
        )

    def _messages(self) -> pd.DataFrame:
        kinds, messages = self.sim.chatwoot.journal.message_kinds, self.account.messages
        rows: list[tuple[Any, ...]] = []
        for conversation_id, ids in self.account.messages_of.items():
            key = self._key(conversation_id)
            for position, message_id in enumerate(ids):
                m, kind = messages[message_id], kinds[message_id]
                rows.append(
                    (
                        key,
                        "chatwoot",
                        str(m.id),
                        m.created_at,
                        kind,
                        kind == "customer",
                        m.sender_id if m.sender_type == "User" else None,
                        bool(m.content_attributes.get("deleted")),
                        m.status == "failed",
                        m.content,
                        position,
                    )
                )
        positions: dict[BotId, int] = {}
        for m in self._rows("conversation_messages"):
            key = self._bot_key(m.conversation_id)
            if key.startswith("bot-"):
                position = positions[m.conversation_id] = positions.get(m.conversation_id, -1) + 1
                kind = "customer" if m.sender == "lead" else m.sender
                incoming = m.sender == "lead"
                rows.append(
                    (key, "bot", str(m.id), m.created_at, kind, incoming, None, False, False, m.content, position)
                )
        return frame(rows, "conversation_id source message_id at kind incoming user_id deleted failed content position")

    def _bot_messages(self) -> pd.DataFrame:
        return frame(
            (
                (
                    self._bot_key(m.conversation_id),
                    str(m.conversation_id),
                    str(m.id),
                    m.created_at,
                    "customer" if m.sender == "lead" else m.sender,
                    m.content,
                )
                for m in self._rows("conversation_messages")
            ),
            "conversation_id bot_conversation_id message_id at kind content",
        )

    def _events(self) -> pd.DataFrame:
        alive = self.account.conversations
        return frame(
            (
                (self._key(h.conversation_id), h.at, h.name, h.by, h.user_id, position)
                for position, h in enumerate(self.sim.chatwoot.journal.happenings)
                if h.conversation_id in alive
            ),
            "conversation_id at name by user_id position",
        )

    def _csat(self) -> pd.DataFrame:
        first = self.sim.chatwoot.journal.first_ratings
        return frame(
            (
                (
                    r.id,
                    self._key(r.conversation_id),
                    r.contact_id,
                    r.assigned_agent_id,
                    r.rating,
                    first[r.id],
                    r.feedback_message,
                    r.created_at,
                    r.updated_at,
                )
                for r in self.account.csat_responses.values()
            ),
            "response_id conversation_id contact_id agent_id rating first_rating feedback_message created_at updated_at",
        )

    def _bookings(self) -> pd.DataFrame:
        rows = []
        for b in self._rows("procedure_bookings"):
            attended_at = (b.scheduled_for or b.booked_at) if b.status == "attended" else None
            lead = self.bot.leads[b.lead_id] if self.bot else None
            rows.append(
                (
                    str(b.id),
                    str(b.lead_id),
                    self.people.of_lead(b.lead_id),
                    b.procedure,
                    b.value,
                    b.currency,
                    b.booked_at,
                    b.scheduled_for,
                    b.status,
                    b.updated_at,
                    self._channel(b.lead_id),
                    _text(lead.campaign_id) if lead else None,
                    attended_at,
                )
            )
        return frame(
            rows,
            "booking_id lead_id person_id procedure value currency booked_at scheduled_for status updated_at channel "
            "campaign_id attended_at",
        )

    def _journeys(self) -> pd.DataFrame:
        rows = []
        for j in self.sim.ledger.journeys:
            if j.conversation_id in self.account.conversations:
                key = self._key(j.conversation_id)
            elif j.bot_conversation_id is not None:
                key = self._bot_key(j.bot_conversation_id)
            else:
                continue
            rows.append(
                (
                    key,
                    j.topic,
                    j.lead,
                    j.mood,
                    j.channel,
                    j.maturity_score,
                    j.first_reply_seconds,
                    j.p_engage,
                    j.engaged,
                    j.p_book,
                    j.booked,
                    j.p_attend,
                    j.visit_agreed,
                    j.visit_at,
                    _text(j.booking_id),
                )
            )
        data = frame(
            rows,
            "conversation_id topic is_lead mood channel maturity_score first_reply_seconds p_engage engaged p_book booked "
            "p_attend visit_agreed visit_at booking_id",
        )
        for name in ("first_reply_seconds", "p_engage", "p_book", "p_attend"):
            data[name] = data[name].astype("float64")
        return data

    def _bot_tables(self) -> dict[str, pd.DataFrame]:
        channels = {c.id: c.channel for c in self._rows("marketing_campaigns")}
        return {
            "feedback": frame(
                (
                    (
                        str(f.id),
                        self._bot_key(f.conversation_id),
                        str(f.conversation_id),
                        f.score,
                        f.nps_score,
                        f.comment,
                        f.created_at,
                    )
                    for f in self._rows("feedback")
                ),
                "feedback_id conversation_id bot_conversation_id score nps_score comment created_at",
            ),
            "campaigns": frame(
                ((str(c.id), c.name, c.channel, c.started_on, c.ended_on) for c in self._rows("marketing_campaigns")),
                "campaign_id name channel started_on ended_on",
            ),
            "campaign_costs": frame(
                (
                    (
                        str(c.campaign_id),
                        c.cost_date,
                        c.cost,
                        c.currency,
                        c.impressions,
                        c.clicks,
                        channels[c.campaign_id],
                    )
                    for c in self._rows("campaign_costs")
                ),
                "campaign_id cost_date cost currency impressions clicks channel",
            ),
            "llm_interactions": frame(
                (
                    (
                        str(i.id),
                        self._bot_key(i.conversation_id),
                        str(i.conversation_id),
                        i.intent,
                        i.confidence,
                        i.validated_intent,
                        i.model,
                        i.prompt_tokens,
                        i.completion_tokens,
                        i.latency_ms,
                        i.created_at,
                    )
                    for i in self._rows("llm_interactions")
                ),
                "id conversation_id bot_conversation_id intent confidence validated_intent model prompt_tokens "
                "completion_tokens latency_ms created_at",
            ),
            "lead_interactions": frame(
                (
                    (str(i.id), str(i.lead_id), i.type, i.outcome, i.duration_seconds, _text(i.agent_id), i.created_at)
                    for i in self._rows("lead_interactions")
                ),
                "id lead_id type outcome duration_seconds interaction_agent_id created_at",
            ).rename(columns={"interaction_agent_id": "agent_id"}),
        }

    def _chatwoot_tables(self) -> dict[str, pd.DataFrame]:
        account = self.account
        users = [(u, False) for u in account.users.values()] + [(u, True) for u in account.former_users.values()]
        return {
            "reporting_events": frame(
                (
                    (
                        e.id,
                        self._key(e.conversation_id),
                        e.name,
                        e.value,
                        e.value_in_business_hours,
                        e.user_id,
                        e.event_start_time,
                        e.event_end_time,
                        e.created_at,
                    )
                    for e in account.reporting_events.values()
                ),
                "id conversation_id name value value_in_business_hours user_id event_start_time event_end_time created_at",
            ),
            "agents": frame(
                ((u.id, u.name, u.email, u.role, removed) for u, removed in users), "user_id name email role removed"
            ),
            "inboxes": frame(
                (
                    (i.id, i.name, i.channel_type, i.timezone, i.working_hours_enabled, i.agent_bot_id is not None)
                    for i in account.inboxes.values()
                ),
                "inbox_id name channel_type timezone working_hours_enabled has_bot",
            ),
            "teams": frame(((t.id, t.name) for t in account.teams.values()), "team_id name"),
            "labels": frame(((label.id, label.title) for label in account.labels.values()), "label_id title"),
            "applied_slas": frame(
                (
                    (a.id, self._key(a.conversation_id), a.sla_policy_id, a.sla_status, a.created_at)
                    for a in account.applied_slas.values()
                ),
                "id conversation_id sla_policy_id status created_at",
            ),
            "sla_events": frame(
                (
                    (e.id, e.applied_sla_id, self._key(e.conversation_id), e.event_type, e.created_at)
                    for e in account.sla_events.values()
                ),
                "id applied_sla_id conversation_id event_type created_at",
            ),
        }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
