"""The labelled conversations that come with the project: `labelled/development.yaml` and `labelled/test.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml

from analyzers.label import Label
from analyzers.transcript import Speaker, Transcript, TranscriptMessage

Split = Literal["development", "test"]
"""Rules are made and models trained on the first; the second only judges."""

LABELLED = Path(__file__).parent / "labelled"

_BEGINS, _TIMEZONE = "2025-03-12T10:00", "America/Sao_Paulo"
_SPEAKERS: dict[str, Speaker] = {"c": "customer", "b": "bot", "h": "human"}
_LINE = re.compile(r"(?P<who>[cbh])(?: \+(?P<number>\d+)(?P<unit>[mh]))?: (?P<said>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LabelledConversation:
    """A conversation and what it really was."""

    transcript: Transcript
    label: Label


@cache
def labelled_conversations(split: Split) -> tuple[LabelledConversation, ...]:
    """The conversations of one half; their ids are those of the file, their tenant is `labelled`."""
    text = (LABELLED / f"{split}.yaml").read_text(encoding="utf-8")
    # the parser in C where there is one: the file is long
    entries = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return tuple(_conversation(entry) for entry in entries)


def transcript_of(
    conversation_id: str, say: list[str], *, begins: str = _BEGINS, timezone: str = _TIMEZONE
) -> Transcript:
    """A conversation from lines such as "c: oi" and, two hours after the one before, "h +2h: olá"."""
    at = datetime.fromisoformat(begins).replace(tzinfo=ZoneInfo(timezone))
    messages = []
    for position, line in enumerate(say):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{conversation_id}: '{line}' is not 'c: ...', 'b: ...' or 'h +2h: ...'")
        if match["number"]:
            at += timedelta(**{{"m": "minutes", "h": "hours"}[match["unit"]]: int(match["number"])})
        elif position:
            at += timedelta(minutes=1)
        messages.append(TranscriptMessage(_SPEAKERS[match["who"]], match["said"], at))
    vertical = conversation_id.partition("-")[0]
    return Transcript("labelled", conversation_id, vertical, timezone, tuple(messages))


def _conversation(entry: dict[str, Any]) -> LabelledConversation:
    fields = dict(entry)
    timezone = fields.pop("timezone", _TIMEZONE)
    transcript = transcript_of(
        fields.pop("id"), fields.pop("say"), begins=fields.pop("begins", _BEGINS), timezone=timezone
    )
    if visit_at := fields.get("visit_at"):
        has_hour = "T" in visit_at
        fields["visit_at"] = (
            datetime.fromisoformat(visit_at).replace(tzinfo=ZoneInfo(timezone))
            if has_hour
            else date.fromisoformat(visit_at)
        )
    return LabelledConversation(transcript, Label.model_validate(fields))
