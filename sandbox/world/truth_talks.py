"""The truth about talks: what they are now, what was said and what happened."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sandbox.world.bot_records import BotId
from sandbox.world.frames import frame
from sandbox.world.knowledge import Knowledge, text


def conversations(known: Knowledge) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    journal = known.sim.chatwoot.journal
    bot_wrote = {
        known.account.messages[i].conversation_id
        for i, kind in journal.message_kinds.items()
        if kind == "bot" and i in known.account.messages
    }
    for c in known.account.conversations.values():
        inbox = known.account.inboxes[c.inbox_id]
        talk = known.bot_talk_of.get(c.display_id)
        with_bot = inbox.agent_bot_id is not None or talk is not None or c.id in bot_wrote
        rows.append(
            (
                f"chatwoot-{c.display_id}",
                "chatwoot",
                c.id,
                c.display_id,
                text(talk.id) if talk else None,
                c.contact_id,
                text(talk.lead_id) if talk else None,
                known.people.of_contact(c.contact_id),
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
                c.assignee_agent_bot_id is not None,
                talk.updated_at if talk else None,
            )
        )
    people_wrote = {m.conversation_id for m in known.rows("conversation_messages") if m.sender == "human"}
    for talk in known.rows("conversations"):
        if talk.chatwoot_conversation_id in known.account.by_display_id:
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
                known.people.of_lead(talk.lead_id),
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
                True,
                talk.updated_at,
            )
        )
    return frame(
        rows,
        "conversation_id source database_id display_id bot_conversation_id contact_id lead_id person_id inbox_id "
        "inbox_channel created_at status closed assignee_id team_id labels priority snoozed_until first_reply_at "
        "waiting_since sla_policy_id began_by started_at ended_at resolved_by handoff_at handoff_reason playbook "
        "bot_took_part has_human_reply assigned_to_bot bot_updated_at",
    )


def messages(known: Knowledge) -> pd.DataFrame:
    kinds, messages = known.sim.chatwoot.journal.message_kinds, known.account.messages
    rows: list[tuple[Any, ...]] = []
    for conversation_id, ids in known.account.messages_of.items():
        key = known.key(conversation_id)
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
    for m in known.rows("conversation_messages"):
        key = known.bot_key(m.conversation_id)
        if key.startswith("bot-"):
            position = positions[m.conversation_id] = positions.get(m.conversation_id, -1) + 1
            kind = "customer" if m.sender == "lead" else m.sender
            incoming = m.sender == "lead"
            rows.append((key, "bot", str(m.id), m.created_at, kind, incoming, None, False, False, m.content, position))
    return frame(rows, "conversation_id source message_id at kind incoming user_id deleted failed content position")


def bot_messages(known: Knowledge) -> pd.DataFrame:
    return frame(
        (
            (
                known.bot_key(m.conversation_id),
                str(m.conversation_id),
                str(m.id),
                m.created_at,
                "customer" if m.sender == "lead" else m.sender,
                m.content,
            )
            for m in known.rows("conversation_messages")
        ),
        "conversation_id bot_conversation_id message_id at kind content",
    )


def events(known: Knowledge) -> pd.DataFrame:
    alive = known.account.conversations
    return frame(
        (
            (known.key(h.conversation_id), h.at, h.name, h.by, h.user_id, position)
            for position, h in enumerate(known.sim.chatwoot.journal.happenings)
            if h.conversation_id in alive
        ),
        "conversation_id at name by user_id position",
    )


def csat(known: Knowledge) -> pd.DataFrame:
    first = known.sim.chatwoot.journal.first_ratings
    return frame(
        (
            (
                r.id,
                known.key(r.conversation_id),
                r.contact_id,
                r.assigned_agent_id,
                r.rating,
                first[r.id],
                r.feedback_message,
                r.created_at,
                r.updated_at,
            )
            for r in known.account.csat_responses.values()
        ),
        "response_id conversation_id contact_id agent_id rating first_rating feedback_message created_at updated_at",
    )


def surveys(known: Knowledge) -> pd.DataFrame:
    answers = {r.message_id: r.id for r in known.account.csat_responses.values()}
    return frame(
        (
            (known.key(m.conversation_id), str(m.id), m.created_at, answers.get(m.id))
            for m in known.account.messages.values()
            if m.content_type == "input_csat"
        ),
        "conversation_id message_id asked_at response_id",
    )
