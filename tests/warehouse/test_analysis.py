"""Each conversation is analysed once, again when something that is read changed, and never for anything else."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from analyzers import AnalysisResult, Item, RegexAnalyzer, Transcript, TranscriptMessage
from analyzers.base import groups
from funil.tenants import AnalyzerSettings, Tenant
from warehouse.analysis import AnalysisSummary, StoredConversation, update_analysis
from warehouse.sync import Sync, open_sync

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
TENANT = Tenant.model_validate(
    {"slug": "gym", "name": "Gym", "vertical": "gym", "bot": {"database_url": "postgresql://nowhere"}}
)


def transcript_of(conversation: StoredConversation) -> Transcript:
    messages = tuple(TranscriptMessage(*message) for message in conversation.messages)
    return Transcript(TENANT.slug, conversation.conversation_id, TENANT.vertical, TENANT.timezone, messages)


@dataclass(eq=False)
class Recorder(RegexAnalyzer):
    """The real analyzer, noting what it was given; stops like a kill after `limit` conversations."""

    engine: str = "regex"
    model: str | None = None
    prompt_version: str = "v1"
    limit: int = 1_000_000
    group: int = 100
    seen: dict[str, Transcript] = field(default_factory=dict)

    def read(self, items: Iterable[Item]) -> Iterator[list[AnalysisResult]]:
        for group in groups(items, self.group):
            batch = [item for item in group if isinstance(item, Transcript)]
            if len(self.seen) + len(batch) > self.limit:
                raise KeyboardInterrupt
            self.seen.update({transcript.conversation_id: transcript for transcript in batch})
            yield next(super().read(batch))


def update(dsn: str, analyzer: Recorder | None = None, *, tenant: Tenant = TENANT, **options: Any) -> AnalysisSummary:
    return update_analysis(dsn, tenant, analyzer or Recorder(), transcript_of, **options)


def conversation(id: int, **changes: Any) -> dict[str, Any]:
    return {"id": id, "status": "open", "created_at": START} | changes


def message(id: int, conversation_id: int, content: str | None, **changes: Any) -> dict[str, Any]:
    return {
        "id": id,
        "conversation_id": conversation_id,
        "message_type": "incoming",
        "sender_type": "contact",
        "content": content,
        "private": False,
        "created_at": START + timedelta(minutes=id),
    } | changes


def bot_talk(id: str, chatwoot_id: int | None = None) -> dict[str, Any]:
    return {
        "id": id,
        "lead_id": "1",
        "chatwoot_conversation_id": chatwoot_id,
        "status": "open",
        "started_at": START,
        "updated_at": START,
    }


def bot_message(id: int, conversation_id: str, sender: str, content: str) -> dict[str, Any]:
    direction = "in" if sender == "lead" else "out"
    return {
        "id": str(id),
        "conversation_id": conversation_id,
        "direction": direction,
        "sender": sender,
        "content": content,
        "created_at": START,
    }


def land(dsn: str, **tables: list[dict[str, Any]]) -> None:
    """One sync of both sources' tables, named chatwoot_messages and so on."""

    def load(sync: Sync) -> None:
        with sync.batch() as batch:
            for name, rows in tables.items():
                source, _, table = name.partition("_")
                batch.load(f"raw_{source}.{table}", rows)

    with open_sync(dsn, tenant_id="gym", source="bot", mode="incremental") as sync:
        load(sync)


def delete(dsn: str, table: str, key: Any) -> None:
    with open_sync(dsn, tenant_id="gym", source="bot", mode="reconcile") as sync, sync.batch() as batch:
        batch.mark_deleted(table, absent=[key])


def values(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode()).fetchall()


def execute(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(statement.encode())


def analysed(dsn: str) -> set[str]:
    return {row[0] for row in values(dsn, "select conversation_id from analysis.conversation_analysis")}


@pytest.fixture
def some_talks(warehouse: str) -> str:
    land(
        warehouse,
        chatwoot_conversations=[conversation(1), conversation(2), conversation(3)],
        chatwoot_messages=[
            message(11, 1, "quanto custa a mensalidade?"),
            message(12, 1, "A partir de R$ 99", message_type="outgoing", sender_type="user"),
            message(21, 2, "oi"),
        ],
        bot_conversations=[bot_talk("7"), bot_talk("8", chatwoot_id=2)],
        bot_conversation_messages=[
            bot_message(1, "7", "lead", "quero marcar uma aula experimental"),
            bot_message(2, "7", "bot", "Claro!"),
            bot_message(3, "8", "lead", "oi"),
        ],
    )
    return warehouse


def test_reads_what_was_said_and_nothing_else(warehouse: str) -> None:
    outgoing = {"message_type": "outgoing", "sender_type": "user"}
    land(
        warehouse,
        chatwoot_conversations=[conversation(1)],
        chatwoot_messages=[
            message(1, 1, "bom dia"),
            message(2, 1, "Olá, sou a Cris", message_type="outgoing", sender_type="agent_bot"),
            message(3, 1, "nota interna", **outgoing | {"private": True}),
            message(4, 1, "Conversa resolvida", message_type="activity", sender_type=None),
            message(5, 1, "Avalie o atendimento", message_type="template", sender_type=None),
            message(6, 1, "Recebemos sua mensagem", **outgoing, content_attributes={"automation_rule_id": 3}),
            message(7, 1, "Promoção!", **outgoing, extra={"additional_attributes": {"campaign_id": 4}}),
            message(8, 1, "This message was deleted", content_attributes={"deleted": True}),
            message(9, 1, None),
            message(
                10, 1, "pelo celular", **outgoing | {"sender_type": None}, content_attributes={"external_echo": True}
            ),
            message(99, 1, "segundo", created_at=START + timedelta(hours=1)),
            message(101, 1, "terceiro", created_at=START + timedelta(hours=1)),
            message(12, 1, "posso ajudar?", **outgoing),
        ],
    )
    recorder = Recorder()
    update(warehouse, recorder)
    said = [(message.speaker, message.content) for message in recorder.seen["chatwoot-1"].messages]
    assert said == [
        ("customer", "bom dia"),
        ("bot", "Olá, sou a Cris"),
        ("human", "pelo celular"),
        ("human", "posso ajudar?"),
        ("customer", "segundo"),
        ("customer", "terceiro"),
    ]
    assert recorder.seen["chatwoot-1"].messages[0].sent_at == START + timedelta(minutes=1)


def test_a_talk_of_both_sides_is_analysed_once(some_talks: str) -> None:
    summary = update(some_talks)
    assert analysed(some_talks) == {"chatwoot-1", "chatwoot-2", "chatwoot-3", "bot-7"}
    assert (summary.analyzed, summary.written, summary.deleted) == (4, 4, 0)
    found = values(
        some_talks, "select conversation_id, is_lead from analysis.conversation_analysis where is_lead order by 1"
    )
    assert found == [("bot-7", True), ("chatwoot-1", True)]


def test_nothing_changed_is_nothing_read_and_nothing_written(some_talks: str) -> None:
    update(some_talks)
    recorder = Recorder()
    summary = update(some_talks, recorder)
    assert (summary.looked_at, summary.analyzed, summary.written) == (0, 0, 0)
    assert recorder.seen == {}


def test_only_what_changed_is_read_again(some_talks: str) -> None:
    update(some_talks)
    before = dict(values(some_talks, "select conversation_id, _sync_id from analysis.conversation_analysis"))
    land(some_talks, chatwoot_messages=[message(22, 2, "quanto custa?")], chatwoot_conversations=[conversation(4)])
    recorder = Recorder()
    summary = update(some_talks, recorder)
    assert set(recorder.seen) == {"chatwoot-2", "chatwoot-4"}
    assert summary.written == 2
    after = dict(values(some_talks, "select conversation_id, _sync_id from analysis.conversation_analysis"))
    assert {name for name in after if after[name] != before.get(name)} == {"chatwoot-2", "chatwoot-4"}
    ((published,),) = values(some_talks, "select last_sync_id from ops.sync_counters")
    assert max(after.values()) == published


def test_a_change_of_what_is_not_read_costs_a_look_and_no_analysis(some_talks: str) -> None:
    update(some_talks)
    land(some_talks, chatwoot_conversations=[conversation(1, status="resolved", labels=["lead"])])
    summary = update(some_talks)
    assert (summary.looked_at, summary.analyzed, summary.written) == (1, 0, 0)


@pytest.mark.parametrize("change", [{"prompt_version": "v2"}, {"engine": "other"}, {"model": "small"}])
def test_another_engine_model_or_prompt_reads_everything_again(some_talks: str, change: dict[str, str]) -> None:
    update(some_talks)
    recorder = Recorder(**change)  # type: ignore[arg-type]
    assert update(some_talks, recorder).analyzed == 4
    assert update(some_talks, Recorder(**change)).looked_at == 0  # type: ignore[arg-type]


def test_analyses_of_what_vanished_vanish_and_a_talk_returns_to_the_bot(some_talks: str) -> None:
    update(some_talks)
    delete(some_talks, "raw_chatwoot.conversations", 2)
    delete(some_talks, "raw_bot.conversations", "7")
    summary = update(some_talks)
    assert analysed(some_talks) == {"chatwoot-1", "chatwoot-3", "bot-8"}
    assert (summary.written, summary.deleted) == (1, 2)
    land(some_talks, chatwoot_conversations=[conversation(2)])
    update(some_talks)
    assert analysed(some_talks) == {"chatwoot-1", "chatwoot-2", "chatwoot-3"}


PATIENT = TENANT.model_copy(update={"analyzer": AnalyzerSettings(min_new_messages=3)})


def due(dsn: str) -> list[tuple[str, str]]:
    return values(dsn, "select conversation_id, reason from analysis.due_again order by 1")


def test_few_new_messages_wait_for_more_or_for_a_day_of_silence(warehouse: str) -> None:
    now = datetime.now(UTC)
    said = [message(number, 1, "oi", created_at=now - timedelta(hours=2)) for number in range(1, 6)]
    land(warehouse, chatwoot_conversations=[conversation(1)], chatwoot_messages=said[:1])
    assert update(warehouse, tenant=PATIENT).analyzed == 1  # what was never read is read at once
    land(warehouse, chatwoot_messages=said[1:3])
    summary = update(warehouse, tenant=PATIENT)
    assert (summary.looked_at, summary.analyzed, summary.put_off) == (1, 0, 1)
    assert due(warehouse) == [("chatwoot-1", "few_new_messages")]
    assert update(warehouse, tenant=PATIENT).looked_at == 0
    land(warehouse, chatwoot_messages=said[3:4])
    assert update(warehouse, tenant=PATIENT).analyzed == 1
    assert due(warehouse) == []

    land(warehouse, chatwoot_messages=said[4:])
    assert update(warehouse, tenant=PATIENT).put_off == 1
    execute(warehouse, "update analysis.due_again set due_at = now() - interval '1 second'")  # a day later
    execute(warehouse, "update raw_chatwoot.messages set created_at = created_at - interval '1 day'")
    assert update(warehouse, tenant=PATIENT).analyzed == 1
    assert due(warehouse) == []
    assert update(warehouse, tenant=PATIENT).looked_at == 0


def test_an_edit_is_read_at_once_however_many_new_messages_are_waited_for(some_talks: str) -> None:
    update(some_talks, tenant=PATIENT)
    land(some_talks, chatwoot_messages=[message(11, 1, "quanto custa a avaliação?")])
    assert update(some_talks, tenant=PATIENT).analyzed == 1


@dataclass(eq=False)
class Away(Recorder):
    """As an engine whose server is away: the rules answer in its place."""

    engine: str = "far"

    def read(self, items: Iterable[Item]) -> Iterator[list[AnalysisResult]]:
        for group in super().read(items):
            yield [result.model_copy(update={"fallback_reason": "unavailable"}) for result in group]


def test_what_a_server_that_was_away_should_have_read_is_asked_again(some_talks: str) -> None:
    assert update(some_talks, Away()).fallbacks == {"unavailable": 4}
    assert len(analysed(some_talks)) == 4
    assert len(due(some_talks)) == 4
    back = Recorder(engine="far")
    assert update(some_talks, back).analyzed == 4
    assert due(some_talks) == []
    assert update(some_talks, Recorder(engine="far")).looked_at == 0


def test_a_message_deleted_or_edited_is_read_again(some_talks: str) -> None:
    update(some_talks)
    delete(some_talks, "raw_chatwoot.messages", 11)
    recorder = Recorder()
    update(some_talks, recorder)
    assert [message.content for message in recorder.seen["chatwoot-1"].messages] == ["A partir de R$ 99"]
    assert values(
        some_talks, "select is_lead from analysis.conversation_analysis where conversation_id = 'chatwoot-1'"
    ) == [(False,)]


def test_a_kill_loses_no_more_than_the_batch_in_flight(warehouse: str) -> None:
    land(warehouse, chatwoot_conversations=[conversation(number) for number in range(1, 11)])
    with pytest.raises(KeyboardInterrupt):
        update(warehouse, Recorder(limit=6, group=3))
    assert len(analysed(warehouse)) == 6
    rest = Recorder(group=3)
    seen: list[tuple[int, int]] = []
    update(warehouse, rest, progress=lambda done, of: seen.append((done, of)))
    assert len(rest.seen) == 4
    assert len(analysed(warehouse)) == 10
    assert seen == [(6, 10), (9, 10), (10, 10)]


def test_ten_thousand_unchanged_conversations_are_checked_in_no_time(warehouse: str) -> None:
    with psycopg.connect(warehouse) as connection:
        connection.execute(
            "insert into raw_chatwoot.conversations (tenant_id, id, status, created_at, _sync_id) "
            "select 'gym', n, 'open', now(), 1 from generate_series(1, 10000) as n"
        )
        connection.execute(
            "insert into raw_chatwoot.messages (tenant_id, id, conversation_id, message_type, content, private, created_at, "
            "_sync_id) select 'gym', n, n / 5 + 1, 'incoming', 'quanto custa?', false, now(), 1 "
            "from generate_series(1, 49999) as n"
        )
        connection.execute("insert into ops.sync_counters values ('gym', 1)")
        connection.execute("analyze raw_chatwoot.messages")
    assert update(warehouse).written == 10_000
    assert update(warehouse).seconds < 0.5
    with psycopg.connect(warehouse) as connection:  # as if it had never been noted how far we looked
        connection.execute("delete from analysis.progress")
    began = time.monotonic()
    summary = update(warehouse)
    assert (summary.looked_at, summary.analyzed, summary.written) == (10_000, 0, 0)
    assert time.monotonic() - began < 4
