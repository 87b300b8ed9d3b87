"""The rows of a pretend Chatwoot account, as its database would hold them.

Field names and meanings are those of Chatwoot's schema (version 4.16.2); every time is an aware UTC datetime with
microseconds. These records hold state only: what Chatwoot does when something happens is `sandbox/world/chatwoot.py`,
and how it is shown over HTTP is `sandbox/server/`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

ConversationStatus = Literal["open", "resolved", "pending", "snoozed"]
MessageType = Literal["incoming", "outgoing", "activity", "template"]
SenderType = Literal["Contact", "User", "AgentBot"]


@dataclass(slots=True)
class User:
    id: int
    name: str
    email: str
    role: Literal["agent", "administrator"] = "agent"
    availability_status: Literal["online", "offline", "busy"] = "offline"


@dataclass(slots=True)
class AgentBot:
    id: int
    name: str
    description: str = ""


@dataclass(slots=True)
class Team:
    id: int
    name: str
    description: str = ""
    member_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Label:
    id: int
    title: str
    description: str = ""
    color: str = "#1f93ff"
    show_on_sidebar: bool = True


@dataclass(slots=True)
class WorkingHour:
    """One weekday of an inbox; `day_of_week` 0 is Sunday; hours are None where closed or open all day."""

    day_of_week: int
    closed_all_day: bool = False
    open_all_day: bool = False
    open_hour: int | None = None
    open_minutes: int | None = None
    close_hour: int | None = None
    close_minutes: int | None = None


@dataclass(slots=True)
class Inbox:
    id: int
    name: str
    channel_type: str
    provider: str | None = None
    timezone: str = "UTC"
    working_hours_enabled: bool = False
    working_hours: list[WorkingHour] = field(default_factory=list)
    csat_survey_enabled: bool = False
    agent_bot_id: int | None = None
    member_ids: list[int] = field(default_factory=list)
    # what an administrator's token also sees: passwords, tokens, provider settings
    secrets: dict[str, Any] = field(default_factory=dict)
    # sent by themselves: to a first message, and (once a day) to a message outside the working hours
    greeting_message: str | None = None
    out_of_office_message: str | None = None


@dataclass(slots=True)
class Contact:
    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    email: str | None = None
    phone_number: str | None = None
    identifier: str | None = None
    blocked: bool = False
    last_activity_at: datetime | None = None
    additional_attributes: dict[str, Any] = field(default_factory=dict)
    custom_attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Conversation:
    """`id` is the database's; `display_id` is the one the API calls `id`."""

    id: int
    display_id: int
    uuid: str
    inbox_id: int
    contact_id: int
    status: ConversationStatus
    created_at: datetime
    updated_at: datetime
    last_activity_at: datetime
    waiting_since: datetime | None = None
    first_reply_created_at: datetime | None = None
    snoozed_until: datetime | None = None
    contact_last_seen_at: datetime | None = None
    agent_last_seen_at: datetime | None = None
    assignee_last_seen_at: datetime | None = None
    assignee_id: int | None = None
    assignee_agent_bot_id: int | None = None
    team_id: int | None = None
    sla_policy_id: int | None = None
    priority: Literal["low", "medium", "high", "urgent"] | None = None
    labels: list[str] = field(default_factory=list)
    additional_attributes: dict[str, Any] = field(default_factory=dict)
    custom_attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Message:
    """`conversation_id` is the database's id of the conversation."""

    id: int
    conversation_id: int
    inbox_id: int
    message_type: MessageType
    created_at: datetime
    updated_at: datetime
    content: str | None = None
    content_type: str = "text"
    status: Literal["sent", "delivered", "read", "failed"] = "sent"
    private: bool = False
    sender_type: SenderType | None = None
    sender_id: int | None = None
    source_id: str | None = None
    content_attributes: dict[str, Any] = field(default_factory=dict)
    additional_attributes: dict[str, Any] = field(default_factory=dict)
    attachments: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class CsatResponse:
    """`conversation_id` is the database's id of the conversation."""

    id: int
    conversation_id: int
    message_id: int
    contact_id: int
    rating: int
    created_at: datetime
    updated_at: datetime
    feedback_message: str | None = None
    assigned_agent_id: int | None = None


@dataclass(slots=True)
class ReportingEvent:
    """`conversation_id` is the database's id; `value` in whole seconds, as the listener truncates both ends."""

    id: int
    name: str
    value: float
    value_in_business_hours: float | None
    inbox_id: int
    conversation_id: int
    user_id: int | None
    event_start_time: datetime
    event_end_time: datetime
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class SlaPolicy:
    """Thresholds in seconds."""

    id: int
    name: str
    description: str = ""
    first_response_time_threshold: float | None = None
    next_response_time_threshold: float | None = None
    resolution_time_threshold: float | None = None
    only_during_business_hours: bool = False


@dataclass(slots=True)
class AppliedSla:
    id: int
    sla_policy_id: int
    conversation_id: int
    sla_status: Literal["active", "hit", "missed", "active_with_misses"]
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class SlaEvent:
    id: int
    applied_sla_id: int
    conversation_id: int
    event_type: Literal["frt", "nrt", "rt"]
    created_at: datetime
    updated_at: datetime
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Account:
    """One tenant's Chatwoot: an installation of its own, with one account in it.

    `now` is this installation's clock: the Date header, `updated_within` and new rows all take it. `version` and
    `enterprise` decide what the server knows (reporting events, SLAs, `updated_within`, activity attributes).
    Rows are keyed by database id; `messages_of` lists a conversation's message ids in insertion order.
    """

    id: int
    name: str
    api_token: str
    now: datetime
    version: tuple[int, int, int] = (4, 16, 2)
    enterprise: bool = True
    locale: str = "pt_BR"
    users: dict[int, User] = field(default_factory=dict)
    agent_bots: dict[int, AgentBot] = field(default_factory=dict)
    teams: dict[int, Team] = field(default_factory=dict)
    labels: dict[int, Label] = field(default_factory=dict)
    inboxes: dict[int, Inbox] = field(default_factory=dict)
    contacts: dict[int, Contact] = field(default_factory=dict)
    conversations: dict[int, Conversation] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    csat_responses: dict[int, CsatResponse] = field(default_factory=dict)
    reporting_events: dict[int, ReportingEvent] = field(default_factory=dict)
    sla_policies: dict[int, SlaPolicy] = field(default_factory=dict)
    applied_slas: dict[int, AppliedSla] = field(default_factory=dict)
    sla_events: dict[int, SlaEvent] = field(default_factory=dict)
    messages_of: dict[int, list[int]] = field(default_factory=dict)
    by_display_id: dict[int, int] = field(default_factory=dict)
    # people removed from the account: not in /agents any more, still the sender of what they wrote
    former_users: dict[int, User] = field(default_factory=dict)
    # the last id given out per table: a deleted row's id is never used again
    sequences: dict[str, int] = field(default_factory=dict)

    def writer(self, user_id: int) -> User | None:
        """Who wrote something, also when no longer in the account: a removed agent's messages keep their sender."""
        return self.users.get(user_id) or self.former_users.get(user_id)
