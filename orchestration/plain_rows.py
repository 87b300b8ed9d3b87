"""From a DataFrame to rows that the warehouse stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Each row by column name; what is missing is None."""
    columns = [str(name) for name in frame.columns]
    values = [frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in columns]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
