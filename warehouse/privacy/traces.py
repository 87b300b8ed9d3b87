"""What may still tell who a person was, outside the tables of their rows: error texts and logs that quoted a value.

Funil writes no such text on purpose, but a source's database may quote a value in its refusal. A phone is found in every
spelling that keeps its last digits together, an e-mail address and a full name as they are; a single word is no name to look for.
"""

from __future__ import annotations

import json
import mmap
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from warehouse.privacy.person import Person

# shorter, it might be any number
SHORTEST_PHONE = 10
ENDING = 4
NOTES = {"ops.sync_runs": ("error", "details"), "ops.tenant_steps": ("error", "note")}

_COLUMNS = """
select c.table_schema, c.table_name, c.column_name
from information_schema.columns as c
join
    information_schema.tables as t
    on t.table_schema = c.table_schema
    and t.table_name = c.table_name
    and t.table_type = 'BASE TABLE'
where c.table_schema = 'public' and c.data_type in ('text', 'character varying')
order by 1, 2, 3
"""


@dataclass(frozen=True)
class Traces:
    """Regular expressions, in the words that Python and PostgreSQL share; None where there is nothing to look for."""

    numbers: str | None
    words: str | None
    endings: frozenset[str] = frozenset()
    """The last digits of the numbers, which every spelling keeps together: quickly looked for."""

    @classmethod
    def of(cls, people: Iterable[Person]) -> Traces:
        people = list(people)
        spellings = {digits for person in people for digits in person.phone_spellings if len(digits) >= SHORTEST_PHONE}
        words = {email for person in people for email in person.emails}
        words |= {name for person in people for name in person.names if len(name.split()) > 1}
        words |= {json.dumps(word)[1:-1] for word in words}  # as logs in JSON write it
        between = r"[^\d\n]{0,3}"
        numbers = [between.join((*digits[:-ENDING], digits[-ENDING:])) for digits in _longest_first(spellings)]
        return cls(
            rf"(?<!\d)(?:{'|'.join(numbers)})(?!\d)" if numbers else None,
            "|".join(map(_literal, _longest_first(words))) or None,
            frozenset(digits[-ENDING:] for digits in spellings),
        )

    def __repr__(self) -> str:
        return "Traces()"


def remove_from_notes(connection: psycopg.Connection, tenant_id: str, traces: Traces) -> Counter[str]:
    """Takes them out of what the tenant's syncs and steps had to say, in the caller's transaction; rows per table."""
    changed: Counter[str] = Counter()
    for table, columns in NOTES.items():
        for column in columns:
            statement = _overwrite(sql.Identifier(*table.split(".")), column, is_json=column == "details")
            cursor = connection.execute(
                sql.SQL("{} and tenant_id = %(tenant_id)s").format(statement),
                {"tenant_id": tenant_id, **_patterns(traces)},
            )
            changed[table] += cursor.rowcount
    return +changed


def remove_from_database(connection: psycopg.Connection, traces: Traces) -> Counter[str]:
    """Takes them out of every text in the schema public of another database, such as Dagster's; rows per table."""
    changed: Counter[str] = Counter()
    for schema, table, column in connection.execute(_COLUMNS).fetchall():
        cursor = connection.execute(_overwrite(sql.Identifier(schema, table), column), _patterns(traces))
        changed[table] += cursor.rowcount
    return +changed


def remove_from_files(files: Iterable[Path], traces: Traces) -> list[Path]:
    """Writes over them in place, letter by letter, so that whoever is writing to a log goes on doing so."""
    patterns = [
        (re.compile(pattern.encode(), re.IGNORECASE), filler)
        for pattern, filler in ((traces.numbers, b"0"), (traces.words, b"*"))
        if pattern is not None
    ]
    return [path for path in files if _write_over(path, patterns)] if patterns else []


def _write_over(path: Path, patterns: Sequence[tuple[re.Pattern[bytes], bytes]]) -> bool:
    found = False
    try:
        if not path.stat().st_size:
            return False
        with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
            for pattern, filler in patterns:
                for start, end in list(_places(pattern, content)):
                    content[start:end] = filler * (end - start)
                    found = True
            if found:
                content.flush()
    except FileNotFoundError:  # a log that went meanwhile
        return False
    return found


def _places(pattern: re.Pattern[bytes], content: mmap.mmap) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(content):
        yield match.span()


def _overwrite(table: sql.Identifier, column: str, *, is_json: bool = False) -> sql.Composed:
    text = sql.SQL("{}::text" if is_json else "{}").format(sql.Identifier(column))
    return sql.SQL(
        "update {table} set {column} = regexp_replace(regexp_replace({text}, %(numbers)s, '0', 'gi'), "
        "%(words)s, '***', 'gi'){cast} "
        "where (({text} like any(%(endings)s) and {text} ~ %(numbers)s) or {text} ~* %(words)s)"
    ).format(table=table, column=sql.Identifier(column), text=text, cast=sql.SQL("::jsonb" if is_json else ""))


def _patterns(traces: Traces) -> dict[str, object]:
    nothing = "$a"  # matches nowhere
    return {
        "numbers": traces.numbers or nothing,
        "words": traces.words or nothing,
        "endings": [f"%{digits}%" for digits in sorted(traces.endings)],
    }


def _longest_first(texts: Iterable[str]) -> list[str]:
    return sorted(texts, key=lambda text: (-len(text), text))


def _literal(text: str) -> str:
    """The text itself as a regular expression, in Python and in PostgreSQL alike."""
    return re.sub(r"([^\w\s])", r"\\\1", text)
