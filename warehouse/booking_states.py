"""How bookings stood, and since when that was known: their row says only how they stand now."""

from __future__ import annotations

from pathlib import Path

import psycopg

_NOTE = (Path(__file__).parent / "sql" / "note_booking_states.sql").read_bytes()


def note_booking_states(connection: psycopg.Connection, tenant_id: str, sync_id: int, *, is_first: bool) -> None:
    """Notes what this sync changed, in the transaction that landed it.

    `is_first`: nothing had been read before, so that a booking's last change may be long after what it is about.
    """
    connection.execute(_NOTE, {"tenant_id": tenant_id, "sync_id": sync_id, "is_first": is_first})
