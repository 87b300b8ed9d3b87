"""What PostgreSQL and others quote of a row when they refuse it does not get into the texts that are kept."""

from __future__ import annotations

import traceback

import psycopg
import pytest
from pydantic import BaseModel

from warehouse.quoted import without_values

SECRET = 'Ana ""Silva""\n11 98765-4321'
REFUSED = [
    "select %s::integer",
    "select %s::timestamptz",
    "select %s::uuid",
    "select %s::jsonb",
    "select %s::text[]",
    "select ('{' || %s)::text[]",
    "select %s::inet",
    "select %s::boolean",
    "insert into ops.rejected_rows (tenant_id, source, row_key) values ('t', 's', %s)",
    "insert into ops.llm_usage (tenant_id, day, engine, model, requests) values ('t', now(), 'x', %s, null)",
    "do $$ begin perform 1; end $$; select 1 / length(%s) - length('') / 0",
]


def test_a_refusal_of_postgresql_quotes_no_value(warehouse: str) -> None:
    with psycopg.connect(warehouse, autocommit=True) as connection:
        for statement in REFUSED:
            with pytest.raises(psycopg.Error) as refused:
                psycopg.ClientCursor(connection).execute(statement.encode(), [SECRET])
            for text in (str(refused.value), "".join(traceback.format_exception(refused.value))):
                told = without_values(text.replace(statement, ""))
                assert "98765" not in told
                assert "Silva" not in told
                assert str(refused.value).partition("\n")[0].partition('"')[0] in told, "it still says what was wrong"
        with (
            pytest.raises(psycopg.Error) as refused,
            connection.cursor() as cursor,
            cursor.copy("copy ops.llm_usage (tenant_id, day) from stdin") as copy,
        ):
            copy.write_row(("t", SECRET))
    assert "98765" in str(refused.value)
    assert "98765" not in without_values(str(refused.value))


def test_pydantic_quotes_no_value() -> None:
    class Model(BaseModel):
        number: int

    with pytest.raises(ValueError, match="98765") as refused:
        Model.model_validate({"number": "11 98765-4321"})
    assert "98765" not in without_values(str(refused.value))


def test_names_of_tables_and_columns_stay_and_so_do_hints() -> None:
    text = 'null value in column "phone" of relation "leads" violates not-null constraint\nDETAIL:  Failing row (x).\nHINT:  Mend it.'
    assert without_values(text) == (
        'null value in column "phone" of relation "leads" violates not-null constraint\nHINT:  Mend it.'
    )
