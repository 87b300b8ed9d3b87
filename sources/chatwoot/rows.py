"""From Chatwoot's JSON to rows of raw_chatwoot.

Each function takes one object of the API and names every field it lets through, so that nothing secret (an inbox's mail
passwords, hmac tokens, provider settings) and nothing unknown can slip in. Left out on purpose as well is whatever the
server computes anew for each answer or changes without anything having happened: unread counts, can_reply, presence,
last-seen times, avatars and signed file addresses, the copies of the last message. Stored, they would make an unchanged
row look changed at every read. Times "0" are null, numbers for words are words.
"""

from __future__ import annotations

from typing import Any

from sources.chatwoot.values import (
    BadRow,
    Raw,
    attributes,
    flag,
    moment,
    number,
    required,
    required_flag,
    required_moment,
    required_object,
    required_text,
    required_whole,
    text,
    whole,
    words,
)
from sources.phones import normalise_phone

Row = dict[str, Any]

MESSAGE_TYPES = ("incoming", "outgoing", "activity", "template")
SLA_EVENT_TYPES = ("frt", "nrt", "rt")
# of an attachment, what says what it is; not its addresses, which are signed anew and open the file to anyone
_ATTACHMENT = ("id", "file_type", "extension", "content_type", "file_size", "transcribed_text", "fallback_title")
_PLACE = ("coordinates_lat", "coordinates_long")
# when the thresholds run out, by the server's own reckoning of business hours; since 4.16.0
_DUE = ("sla_frt_due_at", "sla_nrt_due_at", "sla_rt_due_at")
_INBOX_SETTINGS = (
    "enable_auto_assignment",
    "greeting_enabled",
    "allow_messages_after_resolved",
    "lock_to_single_conversation",
)


def conversation(raw: Raw) -> Row:
    meta = required_object(raw, "meta")
    assignee = meta.get("assignee")  # left out while nobody is assigned
    assignee_id = None if assignee is None else required_whole(assignee, "id")
    is_bot = meta.get("assignee_type") == "AgentBot"  # left out by servers before 4.8.0, where only users are assigned
    team = meta.get("team")
    return {
        "id": required_whole(raw, "id"),
        "uuid": text(raw.get("uuid"), "uuid"),
        "inbox_id": required_whole(raw, "inbox_id"),
        "contact_id": required_whole(required_object(meta, "sender"), "id"),
        "assignee_id": None if is_bot else assignee_id,
        "assignee_bot_id": assignee_id if is_bot else None,
        "team_id": None if team is None else required_whole(team, "id"),
        "status": required_text(raw, "status"),
        "priority": text(raw.get("priority"), "priority"),
        "labels": words(required(raw, "labels"), "labels"),
        "channel": text(meta.get("channel"), "channel"),
        "created_at": required_moment(raw, "created_at"),
        "updated_at": moment(raw.get("updated_at"), "updated_at"),  # since 4.0.2
        "last_activity_at": required_moment(raw, "last_activity_at"),
        "first_reply_created_at": moment(raw.get("first_reply_created_at"), "first_reply_created_at"),
        "waiting_since": moment(raw.get("waiting_since"), "waiting_since"),
        "snoozed_until": moment(raw.get("snoozed_until"), "snoozed_until"),
        "sla_policy_id": whole(raw.get("sla_policy_id"), "sla_policy_id"),
        "additional_attributes": attributes(raw.get("additional_attributes"), "additional_attributes"),
        "custom_attributes": attributes(raw.get("custom_attributes"), "custom_attributes"),
    }


def message(raw: Raw) -> Row:
    kind = required_whole(raw, "message_type")
    if not 0 <= kind < len(MESSAGE_TYPES):
        raise BadRow(f"'message_type' {kind} is unknown")
    sender = raw.get("sender")  # left out where there is none
    return {
        "id": required_whole(raw, "id"),
        "conversation_id": required_whole(raw, "conversation_id"),
        "inbox_id": required_whole(raw, "inbox_id"),
        "message_type": MESSAGE_TYPES[kind],
        "content_type": text(raw.get("content_type"), "content_type"),
        "content": text(raw.get("content"), "content"),
        "private": required_flag(raw, "private"),
        "status": text(raw.get("status"), "status"),
        "sender_type": None if sender is None else required_text(sender, "type"),
        "sender_id": None if sender is None else required_whole(sender, "id"),
        "source_id": text(raw.get("source_id"), "source_id"),
        "content_attributes": attributes(raw.get("content_attributes"), "content_attributes"),
        "created_at": required_moment(raw, "created_at"),
        "extra": _attachments(raw.get("attachments")),
    }


def _attachments(value: Any) -> Row | None:
    if not value:
        return None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadRow("'attachments' is not a list of objects")
    return {"attachments": [_only(item, (*_ATTACHMENT, *_PLACE)) for item in value]}


def _only(raw: Raw, keys: tuple[str, ...]) -> Row:
    return {key: raw[key] for key in keys if raw.get(key) is not None}


def contact(raw: Raw, country: str) -> Row:
    phone = text(raw.get("phone_number"), "phone_number")
    company = whole(raw.get("company_id"), "company_id")
    return {
        "id": required_whole(raw, "id"),
        "name": text(raw.get("name"), "name"),
        "email": text(raw.get("email"), "email"),
        "phone_number": phone,
        "phone_e164": normalise_phone(phone, country),
        "identifier": text(raw.get("identifier"), "identifier"),
        "blocked": flag(raw.get("blocked"), "blocked"),
        "created_at": required_moment(raw, "created_at"),
        "last_activity_at": moment(raw.get("last_activity_at"), "last_activity_at"),
        "additional_attributes": attributes(raw.get("additional_attributes"), "additional_attributes"),
        "custom_attributes": attributes(raw.get("custom_attributes"), "custom_attributes"),
        "extra": None if company is None else {"company_id": company},
    }


def inbox(raw: Raw) -> Row:
    return {
        "id": required_whole(raw, "id"),
        "name": required_text(raw, "name"),
        "channel_type": text(raw.get("channel_type"), "channel_type"),
        "provider": text(raw.get("provider"), "provider"),
        "timezone": text(raw.get("timezone"), "timezone"),
        "working_hours_enabled": flag(raw.get("working_hours_enabled"), "working_hours_enabled"),
        "csat_survey_enabled": flag(raw.get("csat_survey_enabled"), "csat_survey_enabled"),
        "extra": _only(raw, _INBOX_SETTINGS) or None,
    }


def working_hours(raw: Raw) -> list[Row]:
    """The weekdays of an inbox."""
    inbox_id = required_whole(raw, "id")
    days = raw.get("working_hours") or []
    return [
        {
            "inbox_id": inbox_id,
            "day_of_week": required_whole(day, "day_of_week"),
            "closed_all_day": required_flag(day, "closed_all_day"),
            "open_all_day": flag(day.get("open_all_day"), "open_all_day") or False,
            "open_hour": whole(day.get("open_hour"), "open_hour"),
            "open_minutes": whole(day.get("open_minutes"), "open_minutes"),
            "close_hour": whole(day.get("close_hour"), "close_hour"),
            "close_minutes": whole(day.get("close_minutes"), "close_minutes"),
        }
        for day in days
    ]


def agent(raw: Raw) -> Row:
    role = whole(raw.get("custom_role_id"), "custom_role_id")
    return {
        "id": required_whole(raw, "id"),
        "name": text(raw.get("name"), "name"),
        "available_name": text(raw.get("available_name"), "available_name"),
        "email": text(raw.get("email"), "email"),
        "role": text(raw.get("role"), "role"),
        "confirmed": flag(raw.get("confirmed"), "confirmed"),
        "extra": None if role is None else {"custom_role_id": role},
    }


def team(raw: Raw) -> Row:
    return {
        "id": required_whole(raw, "id"),
        "name": required_text(raw, "name"),
        "description": text(raw.get("description"), "description"),
        "extra": _only(raw, ("allow_auto_assign",)) or None,
    }


def label(raw: Raw) -> Row:
    return {
        "id": required_whole(raw, "id"),
        "title": required_text(raw, "title"),
        "description": text(raw.get("description"), "description"),
        "color": text(raw.get("color"), "color"),
        "show_on_sidebar": flag(raw.get("show_on_sidebar"), "show_on_sidebar"),
    }


def csat_survey_response(raw: Raw) -> Row:
    contact_, agent_ = raw.get("contact"), raw.get("assigned_agent")
    notes = text(raw.get("csat_review_notes"), "csat_review_notes")
    return {
        "id": required_whole(raw, "id"),
        "conversation_id": required_whole(raw, "conversation_id"),
        "message_id": whole(raw.get("message_id"), "message_id"),
        "contact_id": None if contact_ is None else required_whole(contact_, "id"),
        "assigned_agent_id": None if agent_ is None else required_whole(agent_, "id"),
        "rating": required_whole(raw, "rating"),
        "feedback_message": text(raw.get("feedback_message"), "feedback_message"),
        "created_at": required_moment(raw, "created_at"),
        "extra": None if notes is None else {"csat_review_notes": notes},
    }


def reporting_event(raw: Raw) -> Row:
    """Names its conversation by the database's id; the display id is found out later."""
    return {
        "id": required_whole(raw, "id"),
        "name": required_text(raw, "name"),
        "value": number(raw.get("value"), "value"),
        "value_in_business_hours": number(raw.get("value_in_business_hours"), "value_in_business_hours"),
        "event_start_time": moment(raw.get("event_start_time"), "event_start_time"),
        "event_end_time": moment(raw.get("event_end_time"), "event_end_time"),
        "inbox_id": whole(raw.get("inbox_id"), "inbox_id"),
        "user_id": whole(raw.get("user_id"), "user_id"),
        "conversation_db_id": whole(raw.get("conversation_id"), "conversation_id"),
        "created_at": required_moment(raw, "created_at"),
    }


def sla_policy(raw: Raw) -> Row:
    return {
        "id": required_whole(raw, "id"),
        "name": required_text(raw, "name"),
        "description": text(raw.get("description"), "description"),
        "first_response_seconds": _threshold(raw, "first_response_time_threshold"),
        "next_response_seconds": _threshold(raw, "next_response_time_threshold"),
        "resolution_seconds": _threshold(raw, "resolution_time_threshold"),
        "only_during_business_hours": flag(raw.get("only_during_business_hours"), "only_during_business_hours"),
    }


def _threshold(raw: Raw, key: str) -> float | None:
    return number(required(raw, key), key)


def applied_sla(raw: Raw, conversation_id: int) -> Row:
    return {
        "id": required_whole(raw, "id"),
        "conversation_id": conversation_id,
        "sla_policy_id": required_whole(raw, "sla_id"),
        "sla_status": required_text(raw, "sla_status"),
        "created_at": required_moment(raw, "created_at"),
        "updated_at": moment(raw.get("updated_at"), "updated_at"),
        "extra": _only(raw, _DUE) or None,
    }


def sla_event(raw: Raw, applied_sla_id: int, conversation_id: int) -> Row:
    kind = required_text(raw, "event_type")
    if kind not in SLA_EVENT_TYPES:
        raise BadRow(f"'event_type' {kind!r} is unknown")
    return {
        "id": required_whole(raw, "id"),
        "applied_sla_id": applied_sla_id,
        "conversation_id": conversation_id,
        "event_type": kind,
        "message_id": whole(attributes(raw.get("meta"), "meta").get("message_id"), "message_id"),
        "created_at": required_moment(raw, "created_at"),
        "updated_at": moment(raw.get("updated_at"), "updated_at"),
    }
