"""Between the marts and whoever scores leads: each open lead as it stood at a moment, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    import pandas as pd

_SQL = Path(__file__).parent / "sql"
_SNAPSHOTS = (_SQL / "lead_snapshots.sql").read_bytes()
_OUTCOMES = (_SQL / "lead_outcomes.sql").read_bytes()


def read_snapshots(connection: psycopg.Connection, tenant_id: str, moments: Sequence[datetime]) -> pd.DataFrame:
    """A row per moment (`at`) and lead that was open then, holding only what was known then.

    Of talks that went on afterwards, `warehouse.earlier_readings` must have read what had been said.
    """
    return _frame(connection, _SNAPSHOTS, {"tenant_id": tenant_id, "moments": list(moments)})


def read_outcomes(
    connection: psycopg.Connection,
    tenant_id: str,
    moments: Sequence[datetime],
    *,
    customer_days: int,
    silence_days: int,
) -> pd.DataFrame:
    """`became_customer` and `wrote_again` by moment and person; who is not in it did neither."""
    parameters = {
        "tenant_id": tenant_id,
        "moments": list(moments),
        "customer_days": customer_days,
        "silence_days": silence_days,
    }
    return _frame(connection, _OUTCOMES, parameters)


def _frame(connection: psycopg.Connection, query: bytes, parameters: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    cursor = connection.execute(query, parameters)
    assert cursor.description is not None
    names = [column.name for column in cursor.description]
    return pd.DataFrame(cursor.fetchall(), columns=pd.Index(names))
