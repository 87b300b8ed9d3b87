"""Which conversation of the world a transcript is: the server is shown no id, only what was said and when."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

_PLACEHOLDER = re.compile(r"\[(?:telefone|e-mail|cpf|cnpj|cartão) \d+\]")
_NOT_LETTERS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one conversation."""

    tenant: str
    conversation_id: str
    topic: str
    is_lead: bool
    mood: str
    visit_agreed: bool
    visit_at: datetime | None


class Oracle:
    """The truth of all tenants of a world, found by the customer's first words and their minute."""

    def __init__(self, truths: Mapping[str, Mapping[str, pd.DataFrame]]) -> None:
        """`truths` are `World.truth` by tenant."""
        self._by_minute: defaultdict[datetime, list[tuple[str, int, Truth]]] = defaultdict(list)
        for tenant, frames in truths.items():
            self._add(tenant, frames["journeys"], frames["messages"])

    def find(self, document: Mapping[str, Any]) -> Truth | None:
        """The truth of the conversation in a request's document; None if it is none of this world's."""
        said = [message for message in document.get("messages") or [] if message.get("speaker") == "customer"]
        if not said:
            return None
        minute = datetime.fromisoformat(said[0]["at"]).astimezone(UTC).replace(second=0, microsecond=0)
        words = _letters(said[0]["text"])

        def likeness(candidate: tuple[str, int, Truth]) -> tuple[int, int]:
            return _common_prefix(candidate[0], words), -abs(candidate[1] - len(said))

        return max(self._by_minute.get(minute, ()), key=likeness, default=("", 0, None))[2]

    def _add(self, tenant: str, journeys: pd.DataFrame, messages: pd.DataFrame) -> None:
        said = messages[
            (messages["kind"] == "customer") & ~messages["deleted"] & (messages["content"].fillna("") != "")
        ]
        by_talk = said.sort_values(["at", "position"], kind="stable").groupby("conversation_id", sort=False)
        firsts, counts = by_talk.first(), by_talk.size()
        rows: Iterable[Any] = journeys.itertuples(index=False)
        for journey in rows:
            talk = journey.conversation_id
            if talk not in firsts.index:
                continue
            first = firsts.loc[talk]
            truth = Truth(
                tenant,
                talk,
                str(journey.topic),
                bool(journey.is_lead),
                str(journey.mood),
                bool(journey.visit_agreed),
                None if pd.isna(journey.visit_at) else journey.visit_at.to_pydatetime(),
            )
            minute = first["at"].to_pydatetime().astimezone(UTC).replace(second=0, microsecond=0)
            self._by_minute[minute].append((_letters(first["content"]), int(counts[talk]), truth))


def _letters(text: str) -> str:
    """What neither redaction nor shortening changes at the beginning of a text."""
    return _NOT_LETTERS.sub("", _PLACEHOLDER.sub("", text)).casefold()[:60]


def _common_prefix(one: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
