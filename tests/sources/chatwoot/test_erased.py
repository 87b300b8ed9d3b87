"""Of people who were erased nothing is stored by any later sync, and what they wrote is not even asked for."""

from __future__ import annotations

import psycopg
import pytest

from sandbox.world.world import World
from tests.sources.chatwoot.conftest import MakePretend
from warehouse.privacy.erase import erase
from warehouse.privacy.selection import Selection

SLUG = "sorriso"
_TABLES = ("contacts", "conversations", "messages", "csat_survey_responses", "reporting_events", "applied_slas")


pytestmark = pytest.mark.usefixtures("home")  # the key of the erasure is kept there


def ids(dsn: str) -> set[tuple[str, int]]:
    with psycopg.connect(dsn) as connection:
        return {
            (table, id)
            for table in _TABLES
            for (id,) in connection.execute(
                f"select id from raw_chatwoot.{table} where tenant_id = %s and _deleted_at is null".encode(), [SLUG]
            )
        }


def test_no_sync_brings_an_erased_person_back(pretend: MakePretend) -> None:
    there = pretend(World.generate(seed=7, scale=0.04, slugs=[SLUG]))
    there.sync(SLUG)
    everything = ids(there.dsn)
    with psycopg.connect(there.dsn) as connection:
        [(contact_id, talks)] = connection.execute(
            "select contact_id, count(distinct c.id) from raw_chatwoot.conversations as c "
            "join raw_chatwoot.csat_survey_responses as s using (tenant_id, contact_id) "
            "join raw_chatwoot.reporting_events as e on e.tenant_id = c.tenant_id and e.conversation_id = c.id "
            "group by 1 order by 2 desc, 1 limit 1"
        ).fetchall()
    removed = erase(there.dsn, Selection(SLUG, member=f"contact-{contact_id}"), actor="ana").rows
    left = ids(there.dsn)
    assert {table for table, _ in everything - left} >= {"contacts", "conversations", "messages", "reporting_events"}

    there.requests(SLUG)
    there.sync(SLUG)
    asked = there.requests(SLUG)
    assert sum(asked.values()) <= 12, "the server's higher count is no reason to read everything again"
    assert ids(there.dsn) == left

    summary = there.sync(SLUG, mode="reconcile")
    assert ids(there.dsn) == left
    assert there.requests(SLUG)["messages.list"] == len(there.account(SLUG).conversations) - talks
    with psycopg.connect(there.dsn) as connection:
        told = connection.execute(
            "select (details ->> 'rows_of_erased_people')::int from ops.sync_runs where sync_id = %s", [summary.sync_id]
        ).fetchone()
    assert told is not None
    assert told[0] >= talks + removed["raw_chatwoot.reporting_events"]

    there.server.advance(24 * 10, unannounced=True)
    there.sync(SLUG)
    there.sync(SLUG, mode="reconcile")
    with psycopg.connect(there.dsn) as connection:
        of_theirs = connection.execute(
            "select count(*) from raw_chatwoot.conversations where contact_id = %s", [contact_id]
        ).fetchone()
    assert of_theirs == (0,)
