"""From a DataFrame to rows that the warehouse stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Each row by column name, in Python's own types; what is missing is None."""
    columns = [str(name) for name in frame.columns]
    values = [_plain(frame[name]) for name in columns]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def _plain(column: pd.Series) -> list[Any]:
    import pandas as pd

    own = column
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        own = pd.Series(pd.DatetimeIndex(column).to_pydatetime(), dtype=object)
    is_there = column.notna().to_numpy()
    return own.tolist() if is_there.all() else own.astype(object).where(is_there, None).tolist()
