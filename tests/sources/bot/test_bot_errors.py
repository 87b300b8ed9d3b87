"""What is wrong with a bot's database is said in a sentence that names it, never with the password."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from sources.bot import BotError, check_bot, sync_bot
from tests.servers import HOMES
from tests.sources.bot.pretend_bot import assert_equal_to_source, execute, landed_rows, tenant_of, values
from warehouse.embedded import EmbeddedPostgres

PASSWORD = "s3nh@ #forte/%"
QUOTED = "s3nh%40%20%23forte%2F%25"


def refusal(bot: str, warehouse: str, **options: str) -> BotError:
    """The error of a sync, which is also what is noted about it."""
    tenant = tenant_of(bot, **options)
    with pytest.raises(BotError) as caught:
        sync_bot(tenant, warehouse)
    noted = values(warehouse, "select status, error from ops.sync_runs order by sync_id desc limit 1")
    assert noted == [("failed", str(caught.value))]
    with pytest.raises(BotError):
        check_bot(tenant)
    text = str(caught.value)
    assert text.startswith("Tenant 'box'")
    assert text.endswith(".")
    assert "s3nh" not in text
    assert caught.value.__cause__ is None
    return caught.value


@pytest.fixture
def by_tcp(bot: str) -> str:
    """The bot by TCP, as a user with a password; `{password}` stands in its place."""
    name = str(conninfo_to_dict(bot)["dbname"])
    address = EmbeddedPostgres(Path(os.environ[HOMES]) / "embedded").ensure_running().tcp_url(name)
    parts = conninfo_to_dict(address)
    role = f"reader_{name}"
    execute(bot, f"create role {role} login password '{PASSWORD}'", f"grant usage on schema public to {role}")
    execute(bot, f"grant select on all tables in schema public to {role}")
    return f"postgresql://{role}:{{password}}@{parts['host']}:{parts['port']}/{name}"


def test_a_reader_by_tcp_with_an_odd_password_is_enough(by_tcp: str, bot: str, warehouse: str) -> None:
    sync_bot(tenant_of(by_tcp.format(password=QUOTED)), warehouse)
    assert_equal_to_source(bot, warehouse)
    execute(bot, *_drop_role(by_tcp))


def test_wrong_password(by_tcp: str, bot: str, warehouse: str) -> None:
    error = refusal(by_tcp.format(password="s3nha-errada"), warehouse)
    assert "refuses the user or the password; correct bot.database_url" in str(error)
    assert not error.transient
    execute(bot, *_drop_role(by_tcp))


def test_no_such_database(by_tcp: str, bot: str, warehouse: str) -> None:
    error = refusal(by_tcp.format(password=QUOTED).rpartition("/")[0] + "/nenhum", warehouse)
    assert "/nenhum does not exist on that server" in str(error)
    execute(bot, *_drop_role(by_tcp))


def test_a_column_or_a_table_this_user_may_not_read(by_tcp: str, bot: str, warehouse: str) -> None:
    role = _role(by_tcp)
    granted = ", ".join(column for (column,) in values(bot, _COLUMNS_BUT_PHONE))
    execute(bot, f"revoke select on leads, feedback from {role}", f"grant select ({granted}) on leads to {role}")
    summary = sync_bot(tenant_of(by_tcp.format(password=QUOTED)), warehouse)
    assert summary.warnings == [
        "public.leads has no phone; read as null.",
        "public.feedback may not be read by this user: grant select on it; nothing is read from it.",
    ]
    assert {row["phone"] for row in landed_rows(warehouse, "leads")} == {None}
    execute(bot, f"revoke select on conversations from {role}")
    error = refusal(by_tcp.format(password=QUOTED), warehouse)
    assert "public.conversations may not be read by this user: grant select on it" in str(error)
    execute(bot, f"revoke usage on schema public from {role}", "revoke usage on schema public from public")
    error = refusal(by_tcp.format(password=QUOTED), warehouse)
    assert "does not let this user into schema 'public'" in str(error)
    execute(bot, *_drop_role(by_tcp))


_COLUMNS_BUT_PHONE = """
select attname from pg_attribute
where attrelid = 'leads'::regclass and attnum > 0 and not attisdropped and attname <> 'phone'
"""


def _role(by_tcp: str) -> str:
    return by_tcp.removeprefix("postgresql://").partition(":")[0]


def _drop_role(by_tcp: str) -> list[str]:
    return [f"drop owned by {_role(by_tcp)}", f"drop role {_role(by_tcp)}"]


def test_dead_host(warehouse: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        error = refusal(f"postgresql://bot:s3nha@127.0.0.1:{port}/bot", warehouse)
    assert f"127.0.0.1:{port}/bot cannot be reached" in str(error)
    assert error.transient


def test_a_host_that_never_answers(warehouse: str) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        url = f"postgresql://bot:s3nha@127.0.0.1:{silent.getsockname()[1]}/bot?connect_timeout=2"
        assert "did not answer in time" in str(refusal(url, warehouse))


def test_unknown_host(warehouse: str) -> None:
    error = refusal("postgresql://bot:s3nha@bot.invalid/bot", warehouse)
    assert "bot.invalid/bot cannot be found" in str(error)


@pytest.mark.parametrize("url", ["postgresql://bot:s3nh@@a@host:x/bot", "postgresql://bot:s3nh%zz@host/bot"])
def test_an_address_that_cannot_be_read_is_not_quoted(url: str, warehouse: str) -> None:
    assert "bot.database_url" in str(refusal(url, warehouse))


def test_no_such_schema(bot: str, warehouse: str) -> None:
    assert "has no schema 'app'; correct bot.schema" in str(refusal(bot, warehouse, schema="app"))


def test_what_is_missing_but_not_necessary_is_a_warning_and_null(bot: str, warehouse: str) -> None:
    execute(
        bot,
        "drop table marketing_campaigns, campaign_costs",
        "alter table leads drop maturity_score, drop assigned_to",
        "alter table conversations drop playbook",
    )
    summary = sync_bot(tenant_of(bot), warehouse)
    assert summary.warnings == [
        "public.marketing_campaigns is missing; nothing is read from it.",
        "public.campaign_costs is missing; nothing is read from it.",
        "public.leads has no maturity_score and no assigned_to; read as null.",
        "public.conversations has no playbook; read as null.",
    ]
    assert values(warehouse, "select details -> 'warnings' from ops.sync_runs") == [(summary.warnings,)]
    assert {row["maturity_score"] for row in landed_rows(warehouse, "leads")} == {None}
    assert check_bot(tenant_of(bot)).warnings == tuple(summary.warnings)
    execute(warehouse, "insert into raw_bot.campaign_costs values ('box', '1', current_date, 5, 'BRL', 1, 1, null, 1)")
    assert sync_bot(tenant_of(bot), warehouse, mode="reconcile").rows_deleted == 0


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("drop table conversation_messages", "public.conversation_messages is missing"),
        ("alter table leads drop status", "the column public.leads.status is missing"),
        ("alter table campaign_costs drop cost", "the column public.campaign_costs.cost is missing"),
    ],
)
def test_what_is_necessary_and_missing_is_named(bot: str, warehouse: str, statement: str, named: str) -> None:
    execute(bot, statement)
    assert named in str(refusal(bot, warehouse))


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            "alter table leads alter created_at type timestamp",
            "public.leads.created_at is of type timestamp without time zone",
        ),
        (
            "alter table procedure_bookings alter scheduled_for type date",
            "public.procedure_bookings.scheduled_for is of type date",
        ),
        (
            "alter table campaign_costs alter cost_date type timestamptz",
            "public.campaign_costs.cost_date is of type timestamp with",
        ),
    ],
)
def test_times_that_do_not_say_their_zone_are_refused(bot: str, warehouse: str, statement: str, named: str) -> None:
    """Three hours off, silently, would be worse than a sentence."""
    execute(bot, statement)
    assert named in str(refusal(bot, warehouse))


def test_a_view_that_fails_half_way_names_itself_and_keeps_what_had_arrived(bot: str, warehouse: str) -> None:
    execute(
        bot,
        "alter table conversations rename to talks",
        "create view conversations as select *, 1 / (id - 1) as ratio from talks",
    )
    tenant = tenant_of(bot)
    with pytest.raises(BotError, match=r"reading the bot's public.conversations failed.*division by zero\.$"):
        sync_bot(tenant, warehouse)
    assert len(landed_rows(warehouse, "leads")) == 60
    execute(bot, "drop view conversations", "alter table talks rename to conversations")
    sync_bot(tenant, warehouse)
    assert_equal_to_source(bot, warehouse)


def test_a_server_that_goes_away_is_a_passing_trouble(bot: str, warehouse: str) -> None:
    execute(bot, "create view slow as select pg_sleep(30)::text", "alter table feedback rename to answers")
    execute(
        bot,
        "create view feedback as select a.* from answers a, "
        "(select pg_terminate_backend(pg_backend_pid())) as gone where a.score is not null",
    )
    with pytest.raises(BotError, match="the connection was lost") as caught:
        sync_bot(tenant_of(bot), warehouse)
    assert caught.value.transient


def test_a_source_cannot_be_written_to(bot: str) -> None:
    from sources.bot.connection import connect_bot

    with connect_bot(tenant_of(bot)) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("delete from leads")
