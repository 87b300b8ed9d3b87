"""The comparison that holds the pipeline to the oracle tells what differs, and lets nothing through."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from tests.oracle.compare import assert_same_table


def table(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["day", "inbox", "count", "money", "rate"], dtype=object)


ONE, TWO = ("mon", 1, 2, Decimal("1.50"), 0.5), ("mon", None, 3, Decimal("0"), None)
RIGHT = table(ONE, TWO)


def test_the_same_rows_in_another_order_and_dress_are_the_same() -> None:
    other = table(("mon", float("nan"), 3, Decimal("0.00"), float("nan")), ("mon", 1.0, 2, Decimal("1.5"), 0.5 + 1e-12))
    assert_same_table(other, RIGHT, keys=["day", "inbox"], name="a mart")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (table(ONE), "only the oracle has day mon, inbox None"),
        (pd.concat([RIGHT, table(("tue", 1, 1, Decimal(0), None))]), "only the pipeline has day tue, inbox 1"),
        (table(("mon", 1, 3, Decimal("1.50"), 0.5), TWO), "count: pipeline 3, oracle 2"),
        (table(("mon", 1, 2, Decimal("1.51"), 0.5), TWO), "money: pipeline Decimal"),
        (table(("mon", 1, 2, Decimal("1.50"), 0.5001), TWO), "rate: pipeline 0.5001, oracle 0.5"),
        (table(ONE, ("mon", None, 3, Decimal("0"), 0.0)), "rate: pipeline 0.0, oracle None"),
        (pd.concat([RIGHT, RIGHT]), "two rows have the key"),
        (RIGHT.drop(columns="rate"), "lacks the columns"),
    ],
)
def test_a_difference_is_told(wrong: pd.DataFrame, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        assert_same_table(wrong, RIGHT, keys=["day", "inbox"], name="a mart")
