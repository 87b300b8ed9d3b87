"""A conversation as an analyzer reads it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Speaker = Literal["customer", "human", "bot"]


@dataclass(frozen=True, slots=True)
class TranscriptMessage:
    """One thing that was said; `sent_at` is an aware datetime."""

    speaker: Speaker
    content: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Transcript:
    """The messages of one conversation in order, without private notes, activities and templates.

    `vertical` (gym, clinic, shop, other) decides which rules apply, `timezone` (IANA) what "amanhã às 15h" means.
    """

    tenant_id: str
    conversation_id: str
    vertical: str
    timezone: str
    messages: tuple[TranscriptMessage, ...]

    @property
    def content_hash(self) -> str:
        """Changes exactly when something an analyzer reads changes."""
        digest = hashlib.blake2b(f"{self.vertical}\x1f{self.timezone}".encode(), digest_size=16)
        for message in self.messages:
            sent_at = int(message.sent_at.timestamp() * 1_000_000)
            # surrogates cannot be encoded strictly, and a half of an emoji must not stop an analysis
            digest.update(
                f"\x1e{message.speaker}\x1f{sent_at}\x1f{message.content}".encode("utf-8", errors="surrogatepass")
            )
        return digest.hexdigest()
