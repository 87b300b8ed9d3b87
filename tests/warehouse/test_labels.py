"""What people say that conversations were is kept, by person, and asked in the terminal without what identifies a customer."""

from __future__ import annotations

import io
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from rich.console import Console

from analyzers import Transcript
from analyzers.labelled_conversations import transcript_of
from funil.cli import label as label_command
from warehouse.labels import conversations, labels_of, sample, save_label, unlabelled
from warehouse.sync import open_sync

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
FIELDS: dict[str, Any] = {"is_lead": True, "visit_scheduled": False, "intent": "pricing", "sentiment": "neutral"}


def message(id: int, conversation_id: int, content: str, *, incoming: bool = True) -> dict[str, Any]:
    return {
        "id": id,
        "conversation_id": conversation_id,
        "message_type": "incoming" if incoming else "outgoing",
        "sender_type": "contact" if incoming else "user",
        "content": content,
        "private": False,
        "created_at": START + timedelta(minutes=id),
    }


@pytest.fixture
def talks(warehouse: str) -> str:
    rows = [{"id": number, "status": "open", "created_at": START} for number in range(1, 41)]
    said = [message(number, number, "quanto custa?") for number in range(1, 41)]
    with open_sync(warehouse, tenant_id="gym", source="bot", mode="incremental") as sync, sync.batch() as batch:
        batch.load("raw_chatwoot.conversations", rows)
        batch.load("raw_chatwoot.messages", [*said, message(100, 7, "R$ 99", incoming=False)])
    with psycopg.connect(warehouse) as connection:
        connection.execute(
            "insert into analysis.conversation_analysis (tenant_id, conversation_id, content_hash, engine, prompt_version, "
            "is_lead, lead_probability, visit_scheduled, intent, sentiment, reasoning, _sync_id) select 'gym', "
            "'chatwoot-' || n, 'h', 'regex', 'v', true, 4, false, 'pricing', 'neutral', '', 1 from generate_series(1, 40) as n"
        )
    return warehouse


def test_a_label_is_kept_by_person_and_the_latest_one_counts(talks: str) -> None:
    with psycopg.connect(talks, autocommit=True) as connection:
        save_label(connection, "gym", "chatwoot-7", "ana", "h1", FIELDS)
        save_label(connection, "gym", "chatwoot-7", "ana", "h1", FIELDS | {"intent": "services"})
        save_label(connection, "gym", "chatwoot-7", "bia", "h1", FIELDS | {"is_lead": False})
        visit = FIELDS | {"visit_scheduled": True, "visit_at": date(2026, 1, 9)}
        save_label(connection, "gym", "chatwoot-8", "ana", "h2", visit)
        save_label(connection, "gym", "chatwoot-9", "ana", "h3", visit | {"visit_at": START})
        save_label(connection, "other", "chatwoot-7", "ana", "h1", FIELDS)
        found = {one.conversation_id: one for one in labels_of(connection, "gym")}
        kept = connection.execute("select count(*) from analysis.labels where tenant_id = 'gym'").fetchone()
    assert kept == (4,)
    assert (found["chatwoot-7"].labelled_by, found["chatwoot-7"].fields["is_lead"]) == ("bia", False)
    assert found["chatwoot-8"].fields["visit_at"] == date(2026, 1, 9)
    assert found["chatwoot-9"].fields["visit_at"] == START


def test_each_person_is_asked_the_same_ones_once_in_no_telling_order(talks: str) -> None:
    with psycopg.connect(talks, autocommit=True) as connection:
        first = unlabelled(connection, "gym", "ana", 10)
        assert first == unlabelled(connection, "gym", "bia", 10) == sample(connection, "gym", 10)
        assert first != sorted(first, key=lambda name: int(name[9:]))
        save_label(connection, "gym", first[0], "ana", "h", FIELDS)
        assert unlabelled(connection, "gym", "ana", 9) == first[1:]
        assert unlabelled(connection, "gym", "bia", 10) == first
        assert len(unlabelled(connection, "gym", "ana", 100)) == 39
        said = conversations(connection, "gym", ["chatwoot-7", "chatwoot-999", "chatwoot-3"])
    assert [one.conversation_id for one in said] == ["chatwoot-7", "chatwoot-3"]
    assert [one.content for one in said[0].messages] == ["quanto custa?", "R$ 99"]


def answers(monkeypatch: pytest.MonkeyPatch, *lines: str) -> io.StringIO:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    shown = io.StringIO()
    monkeypatch.setattr(label_command, "out", Console(file=shown, width=120))
    return shown


TALK = transcript_of(
    "gym-1",
    ["c: oi, sou a Rita, (11) 98765-4321, quero [b]conhecer[/b]", "b: Qual dia?", "c: amanhã 15h", "h: Marcado!"],
)


def test_asks_in_the_terminal_and_shows_no_phone(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = answers(monkeypatch, "y", "y", "nonsense", "13/03 15:00", "schedule_visit", "", "Rita", "", "", "pediu")
    label_command.show(TALK)
    fields = label_command.ask(TALK)
    assert fields == FIELDS | {
        "visit_scheduled": True,
        "visit_at": datetime(2025, 3, 13, 15, tzinfo=ZoneInfo("America/Sao_Paulo")),
        "intent": "schedule_visit",
        "contact_name": "Rita",
        "goal": None,
        "condition": None,
        "handoff_reason": "pediu",
    }
    text = shown.getvalue()
    assert "98765" not in text
    assert "[b]conhecer[/b]" in text
    assert "12/03/2025 10:00" in text


def test_a_person_can_skip_or_stop_at_any_question(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "y", "s")
    with pytest.raises(label_command.Skipped):
        label_command.ask(TALK)
    answers(monkeypatch, "n", "n", "other", "neutral", "q")
    with pytest.raises(label_command.Stopped):
        label_command.ask(TALK)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("13/03", date(2025, 3, 13)),
        ("12/03 9:05", datetime(2025, 3, 12, 9, 5, tzinfo=ZoneInfo("America/Sao_Paulo"))),
        ("11/03", date(2026, 3, 11)),
        ("11/03/2025", date(2025, 3, 11)),
        ("31/02", None),
        ("10h", None),
    ],
)
def test_a_day_without_a_year_is_the_next_one(said: str, meant: date | None) -> None:
    talk: Transcript = TALK
    if meant is None:
        with pytest.raises(ValueError, match=r"day|10h"):
            label_command.parse_when(said, talk)
    else:
        assert label_command.parse_when(said, talk) == meant
