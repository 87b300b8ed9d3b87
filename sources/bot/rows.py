"""From what the source's server wrote to rows the loader takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sources.bot.schema import FoundTable
from sources.phones import normalise_phone


class RowReader:
    """Turns the columns of `select_rows` into mappings, and remembers how far it has come (`place`)."""

    def __init__(self, found: FoundTable, country: str) -> None:
        self._names = found.table.columns
        self._has_extra = bool(found.extra)
        self._country = country
        self._is_leads = found.table.name == "leads"
        self.place: str | None = None
        self.rows = 0

    def rows_of(self, copied: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
        """One mapping per copied row."""
        names, country, is_leads = self._names, self._country, self._is_leads
        width = len(names)
        for values in copied:
            row: dict[str, Any] = dict(zip(names, values[:width], strict=True))
            row["extra"] = _extra(values[width]) if self._has_extra else None
            if is_leads:
                row["phone_e164"] = normalise_phone(row["phone"], country)
            self.rows += 1
            if values[width + 1] is not None:
                self.place = values[width + 1]
            yield row


def _extra(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    return {name: value for name, value in json.loads(text).items() if value is not None} or None
