"""After an erasure, the next build makes every table as if the person had never come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import psycopg
import pytest

from tests.dbt.conftest import Examples
from tests.dbt.project import Project
from tests.dbt.raw import Raw, after
from warehouse.privacy.erase import erase
from warehouse.privacy.footprint import COLUMNS, SCHEMAS, Footprint
from warehouse.privacy.person import Person
from warehouse.privacy.selection import Selection

_NAMING = """
select t.table_schema || '.' || t.table_name, c.column_name
from information_schema.tables as t
join information_schema.columns as c using (table_schema, table_name)
where
    t.table_schema = any(%s)
    and t.table_type = 'BASE TABLE'
    and t.table_name not like 'build\\_%%'
    and c.column_name ~ '(person|contact|lead|conversation|member|customer)_id$'
"""
PHONES = ("+5511987650001", "+5511987650002")


pytestmark = pytest.mark.usefixtures("home")  # the key of the erasure is kept there


def tell(raw: Raw, *numbers: int) -> None:
    """People who wrote through the bot and Chatwoot, booked and came; all on the same days."""
    raw.tenant(first_response=60)
    raw.put("raw_bot.marketing_campaigns", id="c", name="c", channel="ads", updated_at=after())
    raw.put("raw_bot.campaign_costs", campaign_id="c", cost_date="2026-03-02", cost=Decimal(100), currency="BRL")
    for n in numbers:
        raw.contact(n, PHONES[n - 1], f"Ana {n} Souza")
        raw.conversation(n, n, first_reply_created_at=after(9))
        raw.message(10 * n, n, after(1), "customer")
        raw.message(10 * n + 1, n, after(9 * n), "human")
        raw.message(10 * n + 2, n, after(30), "customer")
        raw.lead(f"l{n}", PHONES[n - 1], campaign_id="c", source_channel="ads")
        raw.bot_conversation(f"b{n}", f"l{n}", linked_to=n)
        raw.bot_conversation(f"alone{n}", f"l{n}")
        raw.bot_message(f"m{n}", f"alone{n}", after(5), "lead")
        raw.booking(f"k{n}", f"l{n}", status="attended", value=Decimal(n), scheduled_for=after(days=1), procedure="x")
        raw.analysis(f"chatwoot-{n}", is_lead=True)
    raw.publish(after(days=2))


def rows(project: Project, tenant_id: str) -> dict[str, Counter[str]]:
    """Every row of every table, the tenant's name left out."""
    with psycopg.connect(project.url) as connection:
        connection.execute("set timezone to 'UTC'")
        return {
            table: Counter(
                text.replace(tenant_id, "")
                for (text,) in connection.execute(
                    f"select t::text from {table} as t where tenant_id = %s".encode(), [tenant_id]
                )
            )
            for table in project.tables
        }


def test_totals_are_those_of_the_people_who_are_left(new_project: Callable[[], Project]) -> None:
    project = new_project().cut_down_to(
        "dim_contacts", "funnel_daily", "roi_by_channel", "fct_attribution", "sla_daily"
    )
    with psycopg.connect(project.url) as connection:
        tell(Raw(connection, "both"), 1, 2)
        tell(Raw(connection, "only"), 2)
        tell(Raw(connection, "calm"), 1, 2)
    project.run_tables()
    with_her, calm = rows(project, "both"), rows(project, "calm")
    assert with_her == calm
    erased = erase(project.url, Selection("both", phone=PHONES[0]), actor="ana")
    # what is hers alone is gone at once
    assert {"marts.dim_contact_pii", "marts.dim_contacts", "marts.fct_bookings", "intermediate.int_people"} < set(
        erased.rows
    )
    assert not any("1 Souza" in text for table in rows(project, "both").values() for text in table)
    project.run_tables()
    assert rows(project, "both") == rows(project, "only")
    assert rows(project, "both") != with_her
    assert rows(project, "calm") == calm


def test_every_table_of_people_is_found_by_its_columns(told: Examples) -> None:
    """A table that named people by another column would keep them until the next build."""
    with psycopg.connect(told.project.url) as connection:
        footprint = Footprint.of(connection, Person("nobody", frozenset({1}), frozenset({"1"})))
        found = {table for table, _ in footprint.tables()}
        named = connection.execute(_NAMING, [list(SCHEMAS)]).fetchall()
    assert {table for table, _ in named} <= found
    assert {column for _, column in named} <= set(COLUMNS)
