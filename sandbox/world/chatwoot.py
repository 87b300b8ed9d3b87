"""What Chatwoot does to an account when something happens.

Every function takes effect at the account's clock, `account.now`: set it first. The rules are those of Chatwoot 4.12 to
4.16 (see `docs`): when `waiting_since` is set and cleared, what is a first reply, which changes touch the conversation,
what reporting events and activity messages follow. The generator and `advance` change an account only through here, and
what really happened is written to the `Journal` on the way.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from sandbox.world import activity
from sandbox.world.journal import By, EventName, Happening, Journal, MessageKind
from sandbox.world.opening import OpeningHours
from sandbox.world.records import (
    Account,
    AgentBot,
    Contact,
    Conversation,
    ConversationStatus,
    CsatResponse,
    Inbox,
    Message,
    MessageType,
    SenderType,
    User,
)
from sandbox.world.reporting import ReportingEvents
from sandbox.world.sla import SlaJob, next_tick

Actor = User | AgentBot | Contact | Literal["automation", "system"]


class Chatwoot:
    """One Chatwoot account at work."""

    def __init__(self, account: Account, journal: Journal | None = None) -> None:
        self.account = account
        self.journal = journal or Journal()
        self.reporting = ReportingEvents(account)
        self.sla = SlaJob(account)
        self._office: dict[int, OpeningHours] = {}
        self._conversations_of: dict[int, list[int]] = {}
        self._survey_of: dict[int, int] = {}

    # contacts

    def create_contact(
        self, name: str, *, phone_number: str | None = None, email: str | None = None, identifier: str | None = None
    ) -> Contact:
        now = self.account.now
        contact = Contact(
            self.next_id("contacts"), name, now, now, email=email, phone_number=phone_number, identifier=identifier
        )
        self.account.contacts[contact.id] = contact
        return contact

    def update_contact(self, contact: Contact, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(contact, name, value)
        contact.updated_at = self.account.now

    def merge_contacts(self, base: Contact, mergee: Contact) -> None:
        """The mergee's conversations and messages move to the base, which keeps its own values; the mergee is gone."""
        account, now = self.account, self.account.now
        moved = self._conversations_of.pop(mergee.id, [])
        self._conversations_of.setdefault(base.id, []).extend(moved)
        for conversation in [account.conversations[i] for i in moved]:
            conversation.contact_id = base.id
            conversation.updated_at = now
            for message_id in account.messages_of[conversation.id]:
                message = account.messages[message_id]
                if message.sender_type == "Contact" and message.sender_id == mergee.id:
                    message.sender_id = base.id
                    message.updated_at = now
            if (response := self._response_to(conversation)) is not None:
                response.contact_id = base.id
        base.email = base.email or mergee.email
        base.phone_number = base.phone_number or mergee.phone_number
        base.identifier = base.identifier or mergee.identifier
        base.additional_attributes = {**mergee.additional_attributes, **base.additional_attributes}
        base.custom_attributes = {**mergee.custom_attributes, **base.custom_attributes}
        base.updated_at = now
        del account.contacts[mergee.id]

    # conversations

    def open_conversation(
        self,
        inbox: Inbox,
        contact: Contact,
        *,
        began_by: Literal["customer", "agent", "campaign"] = "customer",
        assignee: User | None = None,
        additional_attributes: dict[str, Any] | None = None,
        custom_attributes: dict[str, Any] | None = None,
    ) -> Conversation:
        """A new conversation: pending and the bot's where the inbox has one, unless a person begins it."""
        account, now = self.account, self.account.now
        conversation_id, display_id = self.next_id("conversations"), self.next_id("display_ids")
        with_bot = inbox.agent_bot_id is not None and began_by == "customer" and not contact.blocked
        conversation = Conversation(
            id=conversation_id,
            display_id=display_id,
            uuid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{account.api_token}/{conversation_id}")),
            inbox_id=inbox.id,
            contact_id=contact.id,
            status="resolved" if contact.blocked else "pending" if with_bot else "open",
            created_at=now,
            updated_at=now,
            last_activity_at=now,
            waiting_since=now,
            assignee_id=assignee.id if assignee else None,
            assignee_agent_bot_id=inbox.agent_bot_id if with_bot else None,
            additional_attributes=additional_attributes or {},
            custom_attributes=custom_attributes or {},
        )
        account.conversations[conversation_id] = conversation
        account.messages_of[conversation_id] = []
        account.by_display_id[display_id] = conversation_id
        self._conversations_of.setdefault(contact.id, []).append(conversation_id)
        self.journal.began_by[conversation_id] = began_by
        self._happened(conversation, "created", "user" if assignee else "contact", assignee.id if assignee else None)
        return conversation

    def change_status(
        self,
        conversation: Conversation,
        status: ConversationStatus,
        by: Actor,
        *,
        snoozed_until: datetime | None = None,
        inactive_days: int = 0,
    ) -> None:
        """A transition, with its events and, where Chatwoot writes one, its activity message at the same instant."""
        if conversation.status == status and status != "snoozed":
            return
        conversation.status = status
        conversation.updated_at = self.account.now
        conversation.snoozed_until = snoozed_until if status == "snoozed" else None
        kind, user_id = _who(by)
        text = self._status_text(conversation, status, by, inactive_days)
        if status == "resolved":
            conversation.waiting_since = None
            inbox = self.account.inboxes[conversation.inbox_id]
            bot_alone = inbox.agent_bot_id is not None and not self._user_has_written(conversation)
            self.reporting.resolved(conversation, bot_alone)
            self._happened(conversation, "resolved", kind, user_id)
            if bot_alone:
                self._happened(conversation, "bot_resolved", kind, user_id)
        elif status == "open":
            self.reporting.opened(conversation)
            self._happened(conversation, "opened", kind, user_id)
        else:
            self._happened(conversation, "snoozed" if status == "snoozed" else "pending", kind, user_id)
        if text is not None:
            attributes: dict[str, Any] = {}
            if self.account.version >= (4, 16, 0):
                attributes = {"activity": {"type": "conversation_status_changed", "status": status}}
            self._activity(conversation, text, attributes)
        if status == "resolved":
            self._send_csat(conversation)
        self.sla.plan(conversation)

    def hand_off(self, conversation: Conversation, bot: AgentBot) -> None:
        """The bot opens a pending conversation for people."""
        if conversation.waiting_since is None:
            conversation.waiting_since = self.account.now
        conversation.assignee_agent_bot_id = None
        self.change_status(conversation, "open", bot)
        self.reporting.handed_off(conversation)
        self._happened(conversation, "handed_off", "bot", None)

    def snooze(self, conversation: Conversation, until: datetime, by: User) -> None:
        """Until its five-minute job, or a customer's message, opens it."""
        self.change_status(conversation, "snoozed", by, snoozed_until=until)

    def wake(self, conversation: Conversation) -> None:
        """The job that opens snoozed conversations reached this one."""
        if conversation.status == "snoozed" and (conversation.snoozed_until or self.account.now) <= self.account.now:
            self.change_status(conversation, "open", "system")

    @staticmethod
    def wakes_at(until: datetime) -> datetime:
        return next_tick(until)

    def assign(self, conversation: Conversation, assignee: User | None, by: Actor) -> None:
        """To a person, or to nobody; automatic assignment (`system`) writes no activity."""
        conversation.assignee_id = assignee.id if assignee else None
        if assignee:
            conversation.assignee_agent_bot_id = None
        conversation.updated_at = self.account.now
        name = _name(by)
        if name is None:
            return
        if assignee is None:
            text = activity.UNASSIGNED.format(name=name)
        elif isinstance(by, User) and by.id == assignee.id:
            text = activity.SELF_ASSIGNED.format(name=name)
        else:
            text = activity.ASSIGNED.format(assignee=assignee.name, name=name)
        self._activity(conversation, text)

    def assign_team(self, conversation: Conversation, team_id: int, by: Actor) -> None:
        conversation.team_id = team_id
        conversation.updated_at = self.account.now
        if (name := _name(by)) is not None:
            team = self.account.teams[team_id].name
            self._activity(conversation, activity.TEAM_ASSIGNED.format(team=team, name=name))

    def add_labels(self, conversation: Conversation, labels: Iterable[str], by: Actor) -> None:
        new = [label for label in labels if label not in conversation.labels]
        if not new:
            return
        conversation.labels = [*conversation.labels, *new]
        conversation.updated_at = self.account.now
        if (name := _name(by)) is not None:
            self._activity(conversation, activity.LABELS_ADDED.format(name=name, labels=", ".join(new)))

    def set_priority(
        self, conversation: Conversation, priority: Literal["low", "medium", "high", "urgent"], by: Actor
    ) -> None:
        conversation.priority = priority
        conversation.updated_at = self.account.now
        if (name := _name(by)) is not None:
            self._activity(conversation, activity.PRIORITY_SET.format(name=name, priority=priority))

    def mute(self, conversation: Conversation, by: User) -> None:
        """Resolves the conversation and blocks its contact, whose later ones are born resolved."""
        self.change_status(conversation, "resolved", by)
        self.update_contact(self.account.contacts[conversation.contact_id], blocked=True)
        self._activity(conversation, activity.MUTED.format(name=by.name))

    def apply_sla(self, conversation: Conversation, policy_id: int, by: Actor = "automation") -> None:
        self.sla.apply(conversation, policy_id)
        conversation.updated_at = self.account.now
        if (name := _name(by)) is not None:
            policy = self.account.sla_policies[policy_id].name
            self._activity(conversation, activity.SLA_ADDED.format(name=name, sla=policy))

    def seen(self, conversation: Conversation, by: Literal["contact", "agent"]) -> None:
        """Reading moves the seen times and nothing else."""
        if by == "contact":
            conversation.contact_last_seen_at = self.account.now
        else:
            conversation.agent_last_seen_at = self.account.now
            if conversation.assignee_id is not None:
                conversation.assignee_last_seen_at = self.account.now

    def delete_conversation(self, conversation: Conversation) -> None:
        """Gone with everything under it; nothing announces it."""
        account = self.account
        for message_id in account.messages_of.pop(conversation.id):
            del account.messages[message_id]
        if (response := self._response_to(conversation)) is not None:
            del account.csat_responses[response.id]
        self._conversations_of[conversation.contact_id].remove(conversation.id)
        self.reporting.forget(conversation.id)
        self.sla.forget(conversation.id)
        del account.by_display_id[conversation.display_id]
        del account.conversations[conversation.id]

    def remove_agent(self, user: User) -> None:
        """Out of the account: unassigned everywhere without touching `updated_at`; what they wrote stays theirs."""
        account = self.account
        del account.users[user.id]
        account.former_users[user.id] = user
        for conversation in account.conversations.values():
            if conversation.assignee_id == user.id:
                conversation.assignee_id = None
        for members in [t.member_ids for t in account.teams.values()] + [
            i.member_ids for i in account.inboxes.values()
        ]:
            if user.id in members:
                members.remove(user.id)

    # messages

    def customer_writes(
        self,
        conversation: Conversation,
        content: str | None,
        *,
        attachments: list[dict[str, Any]] | None = None,
        by_email: bool = False,
    ) -> Message:
        contact = self.account.contacts[conversation.contact_id]
        message = self._insert(
            conversation,
            "incoming",
            "customer",
            content,
            sender=("Contact", contact.id),
            content_type="incoming_email" if by_email else "text",
            content_attributes={"email": {"text_content": {"full": content, "reply": content}}} if by_email else None,
            attachments=attachments,
        )
        if not contact.blocked:
            self._reopen(conversation, contact)
        if conversation.waiting_since is None:
            conversation.waiting_since = message.created_at
            self.sla.plan(conversation)
        contact.last_activity_at = contact.updated_at = self.account.now
        if not contact.blocked:
            self._send_templates(conversation, message)
        return message

    def agent_writes(
        self,
        conversation: Conversation,
        user: User | None,
        content: str,
        *,
        failed: str | None = None,
        attachments: list[dict[str, Any]] | None = None,
    ) -> Message:
        """A human reply; without a user it is an echo of the phone's own app. `failed` is the channel's error."""
        attributes: dict[str, Any] = {} if user else {"external_echo": True}
        if failed:
            attributes["external_error"] = failed
        message = self._insert(
            conversation,
            "outgoing",
            "human",
            content,
            sender=("User", user.id) if user else None,
            content_attributes=attributes,
            status="failed" if failed else "sent",
            attachments=attachments,
        )
        self.journal.human_replies.add(conversation.id)
        if conversation.first_reply_created_at is None and self._only_human_message(conversation):
            self.reporting.first_response(conversation, message)
            conversation.first_reply_created_at = message.created_at
            conversation.waiting_since = None
        elif conversation.waiting_since is not None:
            self.reporting.reply_time(conversation, conversation.waiting_since, message)
            conversation.waiting_since = None
        return message

    def bot_writes(self, conversation: Conversation, bot: AgentBot, content: str) -> Message:
        message = self._insert(conversation, "outgoing", "bot", content, sender=("AgentBot", bot.id))
        conversation.waiting_since = None
        return message

    def automation_writes(self, conversation: Conversation, rule_id: int, content: str) -> Message:
        return self._insert(
            conversation, "outgoing", "automation", content, content_attributes={"automation_rule_id": rule_id}
        )

    def campaign_writes(self, conversation: Conversation, user: User, campaign_id: int, content: str) -> Message:
        """A campaign's message, sent in a user's name: no reply."""
        return self._insert(
            conversation,
            "outgoing",
            "campaign",
            content,
            sender=("User", user.id),
            additional_attributes={"campaign_id": campaign_id},
        )

    def note(self, conversation: Conversation, user: User, content: str) -> Message:
        return self._insert(conversation, "outgoing", "note", content, sender=("User", user.id), private=True)

    def edit_message(self, message: Message, content: str) -> None:
        """Moves the message's `updated_at`; the conversation does not notice."""
        message.content = content
        message.updated_at = self.account.now

    def delete_message(self, message: Message) -> None:
        """Soft: the text is overwritten and gone; the conversation does not notice."""
        message.content, message.content_type = activity.DELETED, "text"
        message.content_attributes = {"deleted": True}
        message.attachments = []
        message.updated_at = self.account.now

    def set_delivery_status(self, message: Message, status: Literal["delivered", "read", "failed"]) -> None:
        message.status = status
        message.updated_at = self.account.now

    # surveys

    def answer_csat(self, conversation: Conversation, rating: int, feedback: str | None = None) -> CsatResponse | None:
        """The customer answers the survey; None where none was sent, or it has been answered."""
        prompt = self._csat_prompt(conversation)
        if prompt is None or conversation.id in self._survey_of:
            return None
        now = self.account.now
        response = CsatResponse(
            id=self.next_id("csat_responses"),
            conversation_id=conversation.id,
            message_id=prompt.id,
            contact_id=conversation.contact_id,
            rating=rating,
            created_at=now,
            updated_at=now,
            feedback_message=feedback,
            assigned_agent_id=conversation.assignee_id,
        )
        self.account.csat_responses[response.id] = response
        self._survey_of[conversation.id] = response.id
        self.journal.first_ratings[response.id] = rating
        self._note_survey(prompt, response)
        return response

    def correct_csat(self, response: CsatResponse, rating: int, feedback: str | None = None) -> None:
        """The same row changes; its `created_at` does not."""
        response.rating, response.feedback_message = rating, feedback or response.feedback_message
        response.updated_at = self.account.now
        self._note_survey(self.account.messages[response.message_id], response)

    def _response_to(self, conversation: Conversation) -> CsatResponse | None:
        return self.account.csat_responses.get(self._survey_of.get(conversation.id, 0))

    def _note_survey(self, prompt: Message, response: CsatResponse) -> None:
        answer = {"rating": response.rating, "feedback_message": response.feedback_message or ""}
        prompt.content_attributes = {**prompt.content_attributes, "submitted_values": {"csat_survey_response": answer}}
        prompt.updated_at = self.account.now

    # what follows from the above

    def next_id(self, table: str) -> int:
        sequences = self.account.sequences
        sequences[table] = sequences.get(table, 0) + 1
        return sequences[table]

    def _insert(
        self,
        conversation: Conversation,
        message_type: MessageType,
        kind: MessageKind,
        content: str | None,
        *,
        sender: tuple[SenderType, int] | None = None,
        private: bool = False,
        content_type: str = "text",
        content_attributes: dict[str, Any] | None = None,
        additional_attributes: dict[str, Any] | None = None,
        status: Literal["sent", "delivered", "read", "failed"] = "sent",
        attachments: list[dict[str, Any]] | None = None,
    ) -> Message:
        account, now = self.account, self.account.now
        message_id = self.next_id("messages")
        message = Message(
            message_id,
            conversation.id,
            conversation.inbox_id,
            message_type,
            now,
            now,
            content,
            content_type,
            status,
            private,
            sender[0] if sender else None,
            sender[1] if sender else None,
            content_attributes=content_attributes or {},
            additional_attributes=additional_attributes or {},
            attachments=[{"id": self.next_id("attachments"), **a} for a in attachments] if attachments else [],
        )
        account.messages[message_id] = message
        account.messages_of[conversation.id].append(message_id)
        self.journal.message_kinds[message_id] = kind
        conversation.last_activity_at = conversation.updated_at = now
        return message

    def _activity(self, conversation: Conversation, text: str, attributes: dict[str, Any] | None = None) -> None:
        self._insert(conversation, "activity", "activity", text, content_attributes=attributes)

    def _happened(self, conversation: Conversation, name: EventName, by: By, user_id: int | None) -> None:
        self.journal.happenings.append(Happening(conversation.id, name, self.account.now, by, user_id))

    def _reopen(self, conversation: Conversation, contact: Contact) -> None:
        """A customer's message opens what was snoozed or resolved; in a bot's inbox the resolved is the bot's again."""
        if conversation.status == "snoozed":
            self.change_status(conversation, "open", contact)
        elif conversation.status == "resolved":
            with_bot = self.account.inboxes[conversation.inbox_id].agent_bot_id is not None
            self.change_status(conversation, "pending" if with_bot else "open", contact)

    def _status_text(
        self, conversation: Conversation, status: ConversationStatus, by: Actor, inactive_days: int
    ) -> str | None:
        """None where Chatwoot writes no activity: its own jobs, and customers outside API inboxes."""
        if isinstance(by, User | AgentBot):
            return activity.STATUS[status].format(name=by.name)
        if by == "automation":
            return activity.STATUS[status].format(name=activity.SYSTEM_NAME)
        if by == "system":
            return activity.AUTO_RESOLVED.format(days=inactive_days) if status == "resolved" else None
        from_api = self.account.inboxes[conversation.inbox_id].channel_type == "Channel::Api"
        return activity.AUTO_OPENED if status == "open" and from_api else None

    def _user_has_written(self, conversation: Conversation) -> bool:
        messages = self.account.messages
        return any(
            messages[i].message_type == "outgoing" and messages[i].sender_type == "User"
            for i in self.account.messages_of[conversation.id]
        )

    def _only_human_message(self, conversation: Conversation) -> bool:
        """At most one outgoing public message of a person: rows without a sender drop out, as in the SQL's NOT IN."""
        messages = self.account.messages
        found = 0
        for message_id in self.account.messages_of[conversation.id]:
            m = messages[message_id]
            if m.message_type == "outgoing" and m.sender_type == "User" and not m.private:
                found += "campaign_id" not in m.additional_attributes
        return found <= 1

    def _csat_prompt(self, conversation: Conversation) -> Message | None:
        messages = self.account.messages
        found = (messages[i] for i in reversed(self.account.messages_of[conversation.id]))
        return next((m for m in found if m.content_type == "input_csat"), None)

    def _send_csat(self, conversation: Conversation) -> None:
        """Once per conversation; on WhatsApp the survey is saved as an outgoing message without a sender."""
        inbox = self.account.inboxes[conversation.inbox_id]
        if not inbox.csat_survey_enabled or self._csat_prompt(conversation) is not None:
            return
        on_whatsapp = inbox.channel_type == "Channel::Whatsapp"
        self._insert(
            conversation,
            "outgoing" if on_whatsapp else "template",
            "template",
            activity.CSAT_PROMPT,
            content_type="input_csat",
            content_attributes={"display_type": "emoji"},
        )

    def _send_templates(self, conversation: Conversation, message: Message) -> None:
        """Greeting to a first message; out of office once a day; neither while a bot has the conversation."""
        inbox = self.account.inboxes[conversation.inbox_id]
        if inbox.agent_bot_id is not None and conversation.status == "pending":
            return
        if not inbox.greeting_message and not inbox.out_of_office_message:
            return
        earlier = [self.account.messages[i] for i in self.account.messages_of[conversation.id] if i < message.id]
        templates = [m for m in earlier if m.message_type == "template"]
        if inbox.out_of_office_message and not self._in_office(inbox):
            today = message.created_at.astimezone(UTC).date()
            if not any(m.created_at.date() == today for m in templates):
                self._insert(conversation, "template", "template", inbox.out_of_office_message)
        if inbox.greeting_message and not templates and not any(m.message_type == "outgoing" for m in earlier):
            self._insert(conversation, "template", "template", inbox.greeting_message)

    def _in_office(self, inbox: Inbox) -> bool:
        if not inbox.working_hours_enabled:
            return True
        if inbox.id not in self._office:
            self._office[inbox.id] = OpeningHours(inbox.timezone, inbox.working_hours)
        return self._office[inbox.id].is_open(self.account.now)


def _who(by: Actor) -> tuple[By, int | None]:
    if isinstance(by, User):
        return "user", by.id
    if isinstance(by, AgentBot):
        return "bot", None
    if isinstance(by, Contact):
        return "contact", None
    return by, None


def _name(by: Actor) -> str | None:
    """Who an activity message says did it; None where nobody is said and no message is written."""
    if isinstance(by, User | AgentBot):
        return by.name
    return activity.SYSTEM_NAME if by == "automation" else None
