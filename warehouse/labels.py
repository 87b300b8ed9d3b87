"""What people say that conversations really were, and the conversations they say it of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from warehouse.analysis import StoredConversation, StoredMessage

_MESSAGES = (Path(__file__).parent / "sql" / "conversation_messages.sql").read_bytes()

_FIELDS = (
    "is_lead",
    "visit_scheduled",
    "intent",
    "sentiment",
    "contact_name",
    "goal",
    "condition",
    "handoff_reason",
)
_COLUMNS = ("tenant_id", "conversation_id", "labelled_by", "content_hash", *_FIELDS, "visit_at", "visit_on")

# An order that has nothing to do with what is in them: figures from the first hundred are fair to all. The same for
# everybody, so that two people label the same ones.
_UNLABELLED = """
select a.conversation_id
from analysis.conversation_analysis as a
where a.tenant_id = %(tenant_id)s
    and not exists (
        select from analysis.labels as l
        where l.tenant_id = a.tenant_id and l.conversation_id = a.conversation_id and l.labelled_by = %(labelled_by)s
    )
order by md5(a.conversation_id)
limit %(count)s
"""
_LABELS = """
select distinct on (conversation_id) conversation_id, labelled_by, content_hash, is_lead, visit_scheduled, visit_at,
    visit_on, intent, sentiment, contact_name, goal, condition, handoff_reason
from analysis.labels where tenant_id = %s
order by conversation_id, labelled_at desc, labelled_by
"""
_SAMPLE = """
select conversation_id from analysis.conversation_analysis where tenant_id = %s order by md5(conversation_id) limit %s
"""
_READINGS = """
select a.*
from analysis.conversation_analysis as a
where a.tenant_id = %(tenant_id)s and a.conversation_id = any(%(ids)s)
"""


_ANSWERS = """
select a.*
from analysis.conversation_analysis as a
where a.tenant_id = %s and a.engine = 'openai'
order by md5(a.conversation_id)
limit %s
"""


class StoredLabel(NamedTuple):
    """The latest label of a conversation; `content_hash` is of what the person saw, `fields` are those of a label."""

    conversation_id: str
    labelled_by: str
    content_hash: str
    fields: dict[str, Any]


def save_label(
    connection: psycopg.Connection,
    tenant_id: str,
    conversation_id: str,
    labelled_by: str,
    content_hash: str,
    fields: Mapping[str, Any],
) -> None:
    """Keeps what a person says, in place of what the same person said before. `visit_at` is an instant or a date."""
    visit = fields.get("visit_at")
    is_day = isinstance(visit, date) and not isinstance(visit, datetime)
    values = [tenant_id, conversation_id, labelled_by, content_hash, *(fields.get(name) for name in _FIELDS)]
    columns = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
    changes = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in _COLUMNS[3:])
    connection.execute(
        sql.SQL(
            "insert into analysis.labels ({}) values ({}) on conflict (tenant_id, conversation_id, labelled_by) "
            "do update set {}, labelled_at = now()"
        ).format(columns, sql.SQL(", ").join([sql.Placeholder()] * len(_COLUMNS)), changes),
        [*values, None if is_day else visit, visit if is_day else None],
    )


def unlabelled(connection: psycopg.Connection, tenant_id: str, labelled_by: str, count: int) -> list[str]:
    """Analysed conversations that this person has not labelled, at most `count`, in an order that favours none."""
    parameters = {"tenant_id": tenant_id, "labelled_by": labelled_by, "count": count}
    return [row[0] for row in connection.execute(_UNLABELLED, parameters)]


def labels_of(connection: psycopg.Connection, tenant_id: str) -> list[StoredLabel]:
    """The latest label of each labelled conversation of the tenant."""
    labels = []
    for conversation_id, by, content_hash, is_lead, visits, visit_at, visit_on, *rest in connection.execute(
        _LABELS, [tenant_id]
    ):
        names = ("intent", "sentiment", "contact_name", "goal", "condition", "handoff_reason")
        fields = {"is_lead": is_lead, "visit_scheduled": visits, "visit_at": visit_at or visit_on}
        labels.append(StoredLabel(conversation_id, by, content_hash, fields | dict(zip(names, rest, strict=True))))
    return labels


def sample(connection: psycopg.Connection, tenant_id: str, count: int) -> list[str]:
    """Ids of analysed conversations of the tenant, at most `count`, in the order of `unlabelled`."""
    return [row[0] for row in connection.execute(_SAMPLE, [tenant_id, count])]


def stored_readings(
    connection: psycopg.Connection, tenant_id: str, conversation_ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """The rows of analysis.conversation_analysis of these conversations, by id."""
    return _by_id(connection.execute(_READINGS, {"tenant_id": tenant_id, "ids": list(conversation_ids)}))


def openai_answers(connection: psycopg.Connection, tenant_id: str, count: int) -> dict[str, dict[str, Any]]:
    """Rows of analysis.conversation_analysis that OpenAI's model answered itself, by id, at most `count`."""
    return _by_id(connection.execute(_ANSWERS, [tenant_id, count]))


def _by_id(cursor: psycopg.Cursor) -> dict[str, dict[str, Any]]:
    names = [column.name for column in cursor.description or ()]
    rows = (dict(zip(names, row, strict=True)) for row in cursor)
    return {row["conversation_id"]: row for row in rows}


def conversations(
    connection: psycopg.Connection, tenant_id: str, conversation_ids: Sequence[str]
) -> list[StoredConversation]:
    """What was said in these conversations (ids as in the marts), in their order; one that is gone is left out."""
    parameters = {
        "tenant_id": tenant_id,
        "chatwoot_ids": [int(name[9:]) for name in conversation_ids if name.startswith("chatwoot-")],
        "bot_ids": [name[4:] for name in conversation_ids if name.startswith("bot-")],
    }
    said: dict[str, list[StoredMessage]] = {}
    for conversation_id, *message in connection.execute(_MESSAGES, parameters):
        said.setdefault(conversation_id, []).append(StoredMessage(*message))
    return [StoredConversation(name, tuple(said[name])) for name in conversation_ids if name in said]
