"""A transcript as the JSON document the prompt describes: redacted, and within a token limit."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from analyzers.redaction import Redaction
from analyzers.shortening import Gap, shorten
from analyzers.transcript import Transcript

TOKEN_LIMIT = 6000


def as_document(transcript: Transcript, redaction: Redaction, *, token_limit: int = TOKEN_LIMIT) -> str:
    """JSON, whatever was said: no text of a customer's can end it and stand beside the instructions."""
    zone = ZoneInfo(transcript.timezone)
    messages: list[dict[str, Any]] = [
        {"omitted": message.messages}
        if isinstance(message, Gap)
        else {
            "at": message.sent_at.astimezone(zone).isoformat(timespec="minutes"),
            "speaker": message.speaker,
            # half an emoji cannot be sent
            "text": message.content.encode("utf-8", "replace").decode(),
        }
        for message in shorten(redacted(transcript, redaction).messages, token_limit)
    ]
    document = {"vertical": transcript.vertical, "timezone": transcript.timezone, "messages": messages}
    return json.dumps(document, ensure_ascii=False)


def redacted(transcript: Transcript, redaction: Redaction) -> Transcript:
    """The transcript as it may leave the machine; whole, before anything is cut, so that no number is cut in two."""
    messages = tuple(replace(message, content=redaction.hide(message.content)) for message in transcript.messages)
    return replace(transcript, messages=messages)
