"""Rows as Chatwoot's jbuilder views show them: field by field, with its zeros, omitted keys and mixed time formats."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sandbox.server.index import AccountIndex, source_id
from sandbox.server.sla import applied_sla, sla_event
from sandbox.server.times import epoch, epoch_or_zero, iso
from sandbox.world.records import (
    Account,
    AgentBot,
    Contact,
    Conversation,
    Message,
    ReportingEvent,
    Team,
    User,
)

Json = dict[str, Any]

MESSAGE_TYPES = {"incoming": 0, "outgoing": 1, "activity": 2, "template": 3}
UNREAD_CAP = 10
WHATSAPP_WINDOW = timedelta(hours=24)


class Serializer:
    def __init__(self, account: Account, index: AccountIndex) -> None:
        self.account = account
        self.index = index

    # people ---------------------------------------------------------------------------------------------------------

    def agent(self, user: User) -> Json:
        shown: Json = {
            "id": user.id,
            "account_id": self.account.id,
            "availability_status": user.availability_status,
            "auto_offline": True,
            "confirmed": True,
            "email": user.email,
            "provider": "email",
            "available_name": user.name,
            "name": user.name,
            "role": user.role,
            "thumbnail": "",
        }
        if self.account.enterprise:
            shown["custom_role_id"] = None
        return shown

    def bot(self, bot: AgentBot) -> Json:
        return {
            "id": bot.id,
            "name": bot.name,
            "description": bot.description,
            "thumbnail": "",
            "outgoing_url": f"https://bot.example.com/hooks/{bot.id}",
            "bot_type": "webhook",
        }

    def team(self, team: Team, viewer_id: int | None) -> Json:
        return {
            "id": team.id,
            "name": team.name,
            "description": team.description,
            "allow_auto_assign": True,
            "icon": "",
            "icon_color": "",
            "account_id": self.account.id,
            "is_member": viewer_id in team.member_ids,
        }

    def contact(self, contact: Contact, *, with_inboxes: bool = False) -> Json:
        shown: Json = {
            "additional_attributes": contact.additional_attributes,
            "availability_status": "offline",
            "email": contact.email,
            "id": contact.id,
            "name": contact.name,
            "phone_number": contact.phone_number,
            "blocked": contact.blocked,
            "identifier": contact.identifier,
            "thumbnail": "",
            "custom_attributes": contact.custom_attributes,
        }
        if contact.last_activity_at is not None:
            shown["last_activity_at"] = epoch(contact.last_activity_at)
        shown["created_at"] = epoch(contact.created_at)
        if with_inboxes:
            shown["contact_inboxes"] = [
                {
                    "source_id": source_id(contact, inbox),
                    "inbox": {
                        "id": inbox.id,
                        "avatar_url": "",
                        "channel_id": inbox.id,
                        "name": inbox.name,
                        "channel_type": inbox.channel_type,
                        "provider": inbox.provider,
                    },
                }
                for inbox in self.index.inboxes_of_contact(contact)
            ]
        return shown

    def contact_push(self, contact: Contact) -> Json:
        return {
            "additional_attributes": contact.additional_attributes,
            "custom_attributes": contact.custom_attributes,
            "email": contact.email,
            "id": contact.id,
            "identifier": contact.identifier,
            "name": contact.name,
            "phone_number": contact.phone_number,
            "thumbnail": "",
            "blocked": contact.blocked,
            "type": "contact",
        }

    def user_push(self, user: User) -> Json:
        return {
            "id": user.id,
            "name": user.name,
            "available_name": user.name,
            "avatar_url": "",
            "type": "user",
            "availability_status": user.availability_status,
            "thumbnail": "",
        }

    def sender(self, message: Message) -> Json | None:
        if message.sender_id is None:
            return None
        if message.sender_type == "Contact":
            contact = self.account.contacts.get(message.sender_id)
            return self.contact_push(contact) if contact else None
        if message.sender_type == "User":
            user = self.account.writer(message.sender_id)
            return self.user_push(user) if user else None
        bot = self.account.agent_bots.get(message.sender_id)
        return {"id": bot.id, "name": bot.name, "avatar_url": "", "type": "agent_bot"} if bot else None

    # messages -------------------------------------------------------------------------------------------------------

    def message(self, message: Message, display_id: int) -> Json:
        shown: Json = {
            "id": message.id,
            "content": message.content,
            "inbox_id": message.inbox_id,
            "conversation_id": display_id,
            "message_type": MESSAGE_TYPES[message.message_type],
            "content_type": message.content_type,
            "status": message.status,
            "content_attributes": message.content_attributes,
            "created_at": epoch(message.created_at),
            "private": message.private,
            "source_id": message.source_id,
        }
        sender = self.sender(message)
        if sender is not None:
            shown["sender"] = sender
        if message.attachments:
            shown["attachments"] = [self.attachment(message, attachment) for attachment in message.attachments]
        return shown

    def message_push(self, message: Message, conversation: Conversation, unread_count: int) -> Json:
        """The column dump inside `messages[]` and `last_non_activity_message`, with its ISO `updated_at`."""
        contact = self.account.contacts.get(conversation.contact_id)
        inbox = self.account.inboxes.get(conversation.inbox_id)
        shown: Json = {
            "id": message.id,
            "content": message.content,
            "account_id": self.account.id,
            "inbox_id": message.inbox_id,
            "conversation_id": conversation.display_id,
            "message_type": MESSAGE_TYPES[message.message_type],
            "created_at": epoch(message.created_at),
            "updated_at": iso(message.updated_at),
            "private": message.private,
            "status": message.status,
            "source_id": message.source_id,
            "content_type": message.content_type,
            "content_attributes": message.content_attributes,
            "sender_type": message.sender_type,
            "sender_id": message.sender_id,
            "external_source_ids": {},
            "additional_attributes": message.additional_attributes,
            "processed_message_content": message.content,
            "sentiment": {},
            "conversation": {
                "assignee_id": conversation.assignee_id,
                "unread_count": unread_count,
                "last_activity_at": epoch(conversation.last_activity_at),
                "contact_inbox": {"source_id": source_id(contact, inbox) if contact and inbox else None},
            },
        }
        if message.attachments:
            shown["attachments"] = [self.attachment(message, attachment) for attachment in message.attachments]
        sender = self.sender(message)
        if sender is not None:
            shown["sender"] = sender
        return shown

    def attachment(self, message: Message, attachment: Json) -> Json:
        return {"message_id": message.id, "account_id": self.account.id, **attachment}

    # conversations --------------------------------------------------------------------------------------------------

    def conversation(self, conversation: Conversation, viewer_id: int | None) -> Json:
        account = self.account
        contact = account.contacts.get(conversation.contact_id)
        messages = sorted(self.index.messages(conversation), key=lambda m: (m.created_at, m.id))
        last_spoken = next((m for m in reversed(messages) if m.message_type != "activity"), None)
        unread = self._unread_count(conversation, messages)
        blocked = contact is not None and contact.blocked
        shown: Json = {
            "meta": self._conversation_meta(conversation, contact, viewer_id),
            "id": conversation.display_id,
            "messages": [self.message_push(messages[-1], conversation, unread)] if messages else [],
            "account_id": account.id,
            "uuid": conversation.uuid,
            "additional_attributes": conversation.additional_attributes,
            "agent_last_seen_at": epoch_or_zero(conversation.agent_last_seen_at),
            "assignee_last_seen_at": epoch_or_zero(conversation.assignee_last_seen_at),
            "can_reply": self._can_reply(conversation, messages),
            "contact_last_seen_at": epoch_or_zero(conversation.contact_last_seen_at),
            "custom_attributes": conversation.custom_attributes,
            "inbox_id": conversation.inbox_id,
            "labels": conversation.labels,
            "muted": blocked,
            "snoozed_until": iso(conversation.snoozed_until),
            "status": conversation.status,
            "created_at": epoch(conversation.created_at),
        }
        if account.version >= (4, 0, 2):
            shown["updated_at"] = conversation.updated_at.timestamp()
        shown |= {
            "timestamp": epoch(conversation.last_activity_at),
            "first_reply_created_at": epoch_or_zero(conversation.first_reply_created_at),
            "unread_count": unread,
            "last_non_activity_message": self.message_push(last_spoken, conversation, unread) if last_spoken else None,
            "last_activity_at": epoch(conversation.last_activity_at),
            "priority": conversation.priority,
            "waiting_since": epoch_or_zero(conversation.waiting_since),
        }
        sla_hidden = blocked and account.version >= (4, 16, 0)
        shown["sla_policy_id"] = None if sla_hidden else conversation.sla_policy_id
        if account.enterprise and account.sla_policies:
            self._add_sla(shown, conversation, sla_hidden)
        return shown

    def _conversation_meta(self, conversation: Conversation, contact: Contact | None, viewer_id: int | None) -> Json:
        account = self.account
        inbox = account.inboxes.get(conversation.inbox_id)
        meta: Json = {
            "sender": self.contact(contact) if contact else {},
            "channel": inbox.channel_type if inbox else None,
        }
        bot = account.agent_bots.get(conversation.assignee_agent_bot_id or -1)
        user = account.users.get(conversation.assignee_id or -1)
        if user is not None:
            meta["assignee"] = self.agent(user)
        elif bot is not None:
            meta["assignee"] = self.bot(bot)
        if (user or bot) and account.version >= (4, 8, 0):
            meta["assignee_type"] = "User" if user else "AgentBot"
        team = account.teams.get(conversation.team_id or -1)
        if team is not None:
            meta["team"] = self.team(team, viewer_id)
        meta["hmac_verified"] = False
        return meta

    def _add_sla(self, shown: Json, conversation: Conversation, hidden: bool) -> None:
        applied = self.index.applied_sla_of_conversation.get(conversation.id)
        if hidden:
            shown |= {"applied_sla": None, "sla_events": []}
        elif applied is None:
            shown["sla_events"] = []
        else:
            shown["applied_sla"] = applied_sla(self.account, applied, conversation)
            events = self.index.events_of_applied_sla.get(applied.id, ())
            shown["sla_events"] = [sla_event(event) for event in events]

    def _unread_count(self, conversation: Conversation, messages: list[Message]) -> int:
        seen = conversation.agent_last_seen_at
        count = 0
        for message in reversed(messages):
            if count == UNREAD_CAP or (seen is not None and message.created_at <= seen):
                break
            count += message.message_type == "incoming"
        return count

    def _can_reply(self, conversation: Conversation, messages: list[Message]) -> bool:
        inbox = self.account.inboxes.get(conversation.inbox_id)
        if inbox is None or inbox.channel_type != "Channel::Whatsapp":
            return True
        heard = next((m.created_at for m in reversed(messages) if m.message_type == "incoming"), None)
        return heard is not None and self.account.now - heard < WHATSAPP_WINDOW

    # events ---------------------------------------------------------------------------------------------------------

    def reporting_event(self, event: ReportingEvent) -> Json:
        """`conversation_id` is the database's id here, unlike anywhere else."""
        business = event.value_in_business_hours
        return {
            "id": event.id,
            "name": event.name,
            "value": float(event.value),
            "value_in_business_hours": None if business is None else float(business),
            "event_start_time": iso(event.event_start_time),
            "event_end_time": iso(event.event_end_time),
            "account_id": self.account.id,
            "conversation_id": event.conversation_id,
            "inbox_id": event.inbox_id,
            "user_id": event.user_id,
            "created_at": iso(event.created_at),
            "updated_at": iso(event.updated_at),
        }

    def secret(self, purpose: str) -> str:
        """A made-up secret of this installation, the same at each start."""
        return uuid5(NAMESPACE_URL, f"{self.account.name}/{self.account.id}/{purpose}").hex
