"""What raw_chatwoot must hold for an account, computed from the account's own records and not from its API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from sandbox.world.records import Account, Contact, Message
from sources.phones import normalise_phone

Row = dict[str, Any]
Key = tuple[Any, ...]
SENDERS = {"Contact": "contact", "User": "user", "AgentBot": "agent_bot"}
KEYS = {
    "working_hours": ("inbox_id", "day_of_week"),
    "team_members": ("team_id", "agent_id"),
    "inbox_members": ("inbox_id", "agent_id"),
}


def second(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(microsecond=0)


def millisecond(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def conversations(account: Account) -> Iterable[Row]:
    for talk in account.conversations.values():
        inbox = account.inboxes.get(talk.inbox_id)
        has_user = talk.assignee_id in account.users
        has_bot = not has_user and talk.assignee_agent_bot_id in account.agent_bots
        bot_is_told = account.version >= (4, 8, 0)
        blocked = account.contacts[talk.contact_id].blocked and account.version >= (4, 16, 0)
        yield {
            "id": talk.display_id,
            "uuid": talk.uuid,
            "inbox_id": talk.inbox_id,
            "contact_id": talk.contact_id,
            "assignee_id": talk.assignee_id
            if has_user
            else talk.assignee_agent_bot_id
            if has_bot and not bot_is_told
            else None,
            "assignee_bot_id": talk.assignee_agent_bot_id if has_bot and bot_is_told else None,
            "team_id": talk.team_id if talk.team_id in account.teams else None,
            "status": talk.status,
            "priority": talk.priority,
            "labels": talk.labels,
            "channel": inbox.channel_type if inbox else None,
            "created_at": second(talk.created_at),
            "updated_at": talk.updated_at if account.version >= (4, 0, 2) else None,
            "last_activity_at": second(talk.last_activity_at),
            "first_reply_created_at": second(talk.first_reply_created_at),
            "waiting_since": second(talk.waiting_since),
            "snoozed_until": millisecond(talk.snoozed_until),
            "sla_policy_id": None if blocked else talk.sla_policy_id,
            "additional_attributes": talk.additional_attributes,
            "custom_attributes": talk.custom_attributes,
        }


def messages(account: Account) -> Iterable[Row]:
    for message in account.messages.values():
        sender_type, sender_id = _sender(account, message)
        yield {
            "id": message.id,
            "conversation_id": account.conversations[message.conversation_id].display_id,
            "inbox_id": message.inbox_id,
            "message_type": message.message_type,
            "content_type": message.content_type,
            "content": message.content,
            "private": message.private,
            "status": message.status,
            "sender_type": sender_type,
            "sender_id": sender_id,
            "source_id": message.source_id,
            "content_attributes": message.content_attributes,
            "created_at": second(message.created_at),
        }


def _sender(account: Account, message: Message) -> tuple[str | None, int | None]:
    people: Mapping[str, Mapping[int, Any]] = {
        "Contact": account.contacts,
        "User": account.users | account.former_users,
        "AgentBot": account.agent_bots,
    }
    if message.sender_type is None or message.sender_id not in people[message.sender_type]:
        return None, None
    return SENDERS[message.sender_type], message.sender_id


def contacts(account: Account) -> Iterable[Row]:
    for contact in account.contacts.values():
        yield {
            "id": contact.id,
            "name": contact.name,
            "email": contact.email,
            "phone_number": contact.phone_number,
            "phone_e164": normalise_phone(contact.phone_number, "BR"),
            "identifier": contact.identifier,
            "blocked": contact.blocked,
            "created_at": second(contact.created_at),
            "last_activity_at": second(contact.last_activity_at),
            "additional_attributes": contact.additional_attributes,
            "custom_attributes": contact.custom_attributes,
        }


def is_blocked(account: Account, display_id: int) -> bool:
    talk = account.conversations.get(account.by_display_id.get(display_id, 0))
    return talk is not None and account.contacts[talk.contact_id].blocked


def is_shown(account: Account, contact: Contact) -> bool:
    """The identified ones and those with a conversation: nobody else is in any list."""
    talking = {talk.contact_id for talk in account.conversations.values()}
    return bool(contact.id in talking or contact.email or contact.phone_number or contact.identifier)


def inboxes(account: Account) -> Iterable[Row]:
    for inbox in account.inboxes.values():
        yield {
            "id": inbox.id,
            "name": inbox.name,
            "channel_type": inbox.channel_type,
            "provider": inbox.provider,
            "timezone": inbox.timezone,
            "working_hours_enabled": inbox.working_hours_enabled,
            "csat_survey_enabled": inbox.csat_survey_enabled,
        }


def working_hours(account: Account) -> Iterable[Row]:
    for inbox in account.inboxes.values():
        for hours in inbox.working_hours:
            yield {
                "inbox_id": inbox.id,
                "day_of_week": hours.day_of_week,
                "closed_all_day": hours.closed_all_day,
                "open_all_day": hours.open_all_day,
                "open_hour": hours.open_hour,
                "open_minutes": hours.open_minutes,
                "close_hour": hours.close_hour,
                "close_minutes": hours.close_minutes,
            }


def agents(account: Account) -> Iterable[Row]:
    for user in account.users.values():
        yield {"id": user.id, "name": user.name, "email": user.email, "role": user.role}


def teams(account: Account) -> Iterable[Row]:
    for team in account.teams.values():
        yield {"id": team.id, "name": team.name, "description": team.description}


def team_members(account: Account) -> Iterable[Row]:
    for team in account.teams.values():
        yield from ({"team_id": team.id, "agent_id": user} for user in team.member_ids if user in account.users)


def inbox_members(account: Account) -> Iterable[Row]:
    for inbox in account.inboxes.values():
        yield from ({"inbox_id": inbox.id, "agent_id": user} for user in inbox.member_ids if user in account.users)


def labels(account: Account) -> Iterable[Row]:
    for label in account.labels.values():
        yield {"id": label.id, "title": label.title, "description": label.description, "color": label.color}


def csat_survey_responses(account: Account) -> Iterable[Row]:
    for answer in account.csat_responses.values():
        yield {
            "id": answer.id,
            "conversation_id": account.conversations[answer.conversation_id].display_id,
            "message_id": answer.message_id,
            "contact_id": answer.contact_id if answer.contact_id in account.contacts else None,
            "assigned_agent_id": answer.assigned_agent_id
            if answer.assigned_agent_id in account.users | account.former_users
            else None,
            "rating": answer.rating,
            "feedback_message": answer.feedback_message,
            "created_at": second(answer.created_at),
        }


def reporting_events(account: Account) -> Iterable[Row]:
    if not account.enterprise or account.version < (4, 8, 0):
        return
    for event in account.reporting_events.values():
        yield {
            "id": event.id,
            "name": event.name,
            "value": float(event.value),
            "value_in_business_hours": event.value_in_business_hours,
            "event_start_time": millisecond(event.event_start_time),
            "event_end_time": millisecond(event.event_end_time),
            "inbox_id": event.inbox_id,
            "user_id": event.user_id,
            "conversation_db_id": event.conversation_id,
            "conversation_id": account.conversations[event.conversation_id].display_id,
            "created_at": millisecond(event.created_at),
        }


def sla_policies(account: Account) -> Iterable[Row]:
    for policy in account.sla_policies.values() if account.enterprise else ():
        yield {
            "id": policy.id,
            "name": policy.name,
            "description": policy.description,
            "first_response_seconds": policy.first_response_time_threshold,
            "next_response_seconds": policy.next_response_time_threshold,
            "resolution_seconds": policy.resolution_time_threshold,
            "only_during_business_hours": policy.only_during_business_hours,
        }


def applied_slas(account: Account) -> Iterable[Row]:
    for applied in account.applied_slas.values() if account.enterprise else ():
        yield {
            "id": applied.id,
            "conversation_id": account.conversations[applied.conversation_id].display_id,
            "sla_policy_id": applied.sla_policy_id,
            "sla_status": applied.sla_status,
            "created_at": second(applied.created_at),
            "updated_at": second(applied.updated_at),
        }


def sla_events(account: Account) -> Iterable[Row]:
    for event in account.sla_events.values() if account.enterprise else ():
        yield {
            "id": event.id,
            "applied_sla_id": event.applied_sla_id,
            "conversation_id": account.conversations[event.conversation_id].display_id,
            "event_type": event.event_type,
            "message_id": event.meta.get("message_id"),
            "created_at": second(event.created_at),
            "updated_at": second(event.updated_at),
        }


TABLES: dict[str, Callable[[Account], Iterable[Row]]] = {
    function.__name__: function
    for function in (
        conversations,
        messages,
        contacts,
        inboxes,
        working_hours,
        agents,
        teams,
        team_members,
        inbox_members,
        labels,
        csat_survey_responses,
        reporting_events,
        sla_policies,
        applied_slas,
        sla_events,
    )
}


def stored(dsn: str, tenant_id: str, table: str) -> dict[Key, Row]:
    """The tenant's rows that are not deleted, by key."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        connection.execute("set timezone to 'UTC'")
        rows = connection.execute(
            f"select * from raw_chatwoot.{table} where tenant_id = %s and _deleted_at is null", [tenant_id]
        ).fetchall()
    return {key_of(table, row): row for row in rows}


def key_of(table: str, row: Row) -> Key:
    return tuple(row[name] for name in KEYS.get(table, ("id",)))


def differences(dsn: str, tenant_id: str, account: Account, *, announced: bool = False) -> dict[str, list[str]]:
    """Per table, what the warehouse lacks, has too much of, or holds otherwise; empty where all is equal.

    `announced` leaves aside what an incremental sync cannot see: the copy of a survey's answer inside the message that
    asked for it, for example, because answering touches no conversation, so that only the survey itself is up to date.
    """
    found: dict[str, list[str]] = {}
    for table in TABLES:
        want = {key_of(table, row): row for row in TABLES[table](account)}
        have = stored(dsn, tenant_id, table)
        if table in ("applied_slas", "sla_events"):  # not shown with the conversations of a blocked contact
            want = {key: row for key, row in want.items() if not is_blocked(account, row["conversation_id"])}
            have = {key: row for key, row in have.items() if not is_blocked(account, row["conversation_id"])}
        if table == "contacts":  # who was shown once and still exists stays
            want = {key: row for key, row in want.items() if key in have or is_shown(account, account.contacts[key[0]])}
        if announced and table == "conversations":  # blocking a contact hides the SLA and touches no conversation
            for key in want.keys() & have.keys():
                if is_blocked(account, key[0]):
                    have[key]["sla_policy_id"] = want[key]["sla_policy_id"]
        if announced and table == "messages":
            for row in (*want.values(), *have.values()):
                row["content_attributes"] = {
                    k: v for k, v in row["content_attributes"].items() if k != "submitted_values"
                }
        lines = [f"lacks {key}" for key in want.keys() - have.keys()]
        lines += [f"has {key}" for key in have.keys() - want.keys()]
        for key in want.keys() & have.keys():
            wrong = {name: (have[key][name], value) for name, value in want[key].items() if have[key][name] != value}
            if wrong:
                lines.append(f"{key}: {wrong}")
        if lines:
            found[table] = sorted(lines)[:20]
    return found


def everything(dsn: str, tenant_id: str) -> dict[str, dict[Key, Row]]:
    """All live rows of all tables without the loader's own columns: for comparing two warehouses."""
    return {
        table: {
            key: {name: value for name, value in row.items() if not name.startswith("_")}
            for key, row in stored(dsn, tenant_id, table).items()
        }
        for table in TABLES
    }
