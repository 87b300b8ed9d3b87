"""Transcripts in the raw tables, as if a bot's sync had landed them; their analysis is under `bot-<conversation_id>`."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from analyzers import Transcript

_SENDERS = {"customer": "lead", "human": "human", "bot": "bot"}


def land(dsn: str, transcripts: Sequence[Transcript], *, sync_id: int = 1) -> None:
    """One sync of these conversations, which must all be one tenant's."""
    (tenant_id,) = {transcript.tenant_id for transcript in transcripts}
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        with cursor.copy(
            "copy raw_bot.conversations (tenant_id, id, lead_id, status, started_at, updated_at, _sync_id) from stdin"
        ) as copy:
            for transcript in transcripts:
                began = transcript.messages[0].sent_at
                copy.write_row((tenant_id, transcript.conversation_id, "1", "open", began, began, sync_id))
        with cursor.copy(
            "copy raw_bot.conversation_messages "
            "(tenant_id, id, conversation_id, direction, sender, content, created_at, _sync_id) from stdin"
        ) as copy:
            number = 0
            for transcript in transcripts:
                for message in transcript.messages:
                    number += 1
                    sender = _SENDERS[message.speaker]
                    direction = "in" if sender == "lead" else "out"
                    copy.write_row(
                        (
                            tenant_id,
                            f"{sync_id:04d}{number:08d}",
                            transcript.conversation_id,
                            direction,
                            sender,
                            message.content,
                            message.sent_at,
                            sync_id,
                        )
                    )
        cursor.execute(
            "insert into ops.sync_counters values (%s, %s) "
            "on conflict (tenant_id) do update set last_sync_id = excluded.last_sync_id",
            [tenant_id, sync_id],
        )
        cursor.execute("analyze raw_bot.conversation_messages")
