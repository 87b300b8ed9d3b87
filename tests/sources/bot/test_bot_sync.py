"""A bot's database lands in the warehouse exactly, and a second sync writes only what changed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from sources.bot import BotError, BotSyncSummary, sync_bot
from tests.sources.bot.pretend_bot import (
    TABLES,
    assert_equal_to_source,
    create_bot,
    execute,
    landed_rows,
    source_rows,
    tenant_of,
    values,
)


def sync(bot: str, warehouse: str, **options: Any) -> BotSyncSummary:
    return sync_bot(tenant_of(bot), warehouse, **options)


@pytest.mark.parametrize("id_type", ["bigint", "uuid"])
def test_first_sync_lands_every_row_as_it_is(bot_database: str, each_server: str, id_type: str) -> None:
    create_bot(bot_database, id_type=id_type)
    summary = sync(bot_database, each_server)
    assert_equal_to_source(bot_database, each_server)
    assert summary.mode == "first"
    assert summary.warnings == []
    assert summary.rows_read == summary.rows_written == sum(len(source_rows(bot_database, table)) for table in TABLES)
    runs = values(each_server, "select mode, status, rows_written, source_clock is not null from ops.sync_runs")
    assert runs == [("first", "succeeded", summary.rows_written, True)]


def test_nothing_changed_writes_nothing(bot: str, warehouse: str) -> None:
    sync(bot, warehouse)
    again = sync(bot, warehouse)
    assert (again.mode, again.rows_written, again.rows_deleted) == ("incremental", 0, 0)
    for table in TABLES:
        assert values(warehouse, f"select distinct _sync_id from raw_bot.{table}") == [(1,)]
    third = sync(bot, warehouse)  # which does not even land what it reads
    assert (third.rows_read, third.rows_written) == (again.rows_read, 0)
    assert sync(bot, warehouse, mode="reconcile").rows_written == 0


def test_an_incremental_sync_reads_and_writes_what_changed(bot: str, warehouse: str) -> None:
    sync(bot, warehouse)
    execute(
        bot,
        "update leads set status = 'qualified', updated_at = clock_timestamp() where id = 50",
        "insert into leads (id, status, created_at, updated_at) values (1000, 'new', now(), now())",
        "insert into conversation_messages values (1000, 3, 'in', 'lead', 'oi', now())",
        "update procedure_bookings set status = 'attended', updated_at = now() where id = 59",
    )
    summary = sync(bot, warehouse)
    assert summary.rows_written == 4
    assert summary.tables["leads"].read < 10
    assert summary.tables["conversation_messages"].read < 10
    assert_equal_to_source(bot, warehouse)
    assert values(warehouse, "select id from raw_bot.leads where _sync_id = 2 order by 1") == [("1000",), ("50",)]


def test_views_in_a_schema_of_their_own_do_as_well_as_tables(bot_database: str, warehouse: str) -> None:
    create_bot(bot_database, schema="app")
    execute(bot_database, "create schema funil")
    for table in TABLES:
        execute(bot_database, f"create view funil.{table} as select * from app.{table}")
    sync_bot(tenant_of(bot_database, schema="funil"), warehouse)
    assert_equal_to_source(bot_database, warehouse, schema="app")


def test_a_row_committed_late_is_not_missed(bot: str, warehouse: str) -> None:
    """Its time is its transaction's beginning, which is before the newest row that the first sync saw."""
    with psycopg.connect(bot) as slow:
        slow.execute("insert into leads (id, status, created_at, updated_at) values (900, 'new', now(), now())")
        execute(bot, "insert into leads (id, status, created_at, updated_at) values (901, 'new', now(), now())")
        sync(bot, warehouse)
        assert values(warehouse, "select id from raw_bot.leads where id in ('900', '901')") == [("901",)]
        slow.commit()
    assert sync(bot, warehouse).rows_written == 1
    assert_equal_to_source(bot, warehouse)


def test_rows_of_the_very_same_time_are_not_missed(bot: str, warehouse: str) -> None:
    moment = "timestamptz '2025-06-01 12:00+00'"
    execute(bot, "delete from leads")
    columns = "leads (id, status, created_at, updated_at)"
    insert = f"insert into {columns} select n, 'new', {{0}}, {{0}} from generate_series({{1}}, {{2}}) as n"
    execute(bot, insert.format(moment, 1, 500))
    sync(bot, warehouse)
    execute(bot, insert.format(moment, 501, 700))
    assert sync(bot, warehouse).rows_written == 200
    assert_equal_to_source(bot, warehouse)


@pytest.mark.parametrize("absurd", ["now() + interval '30 years'", "'infinity'::timestamptz"])
def test_a_row_from_the_future_hides_nothing(bot: str, warehouse: str, absurd: str) -> None:
    execute(bot, f"update leads set updated_at = {absurd} where id = 1")
    sync(bot, warehouse)
    execute(bot, "update leads set name = 'Nova', updated_at = now() where id = 2")
    assert sync(bot, warehouse).rows_written == 1
    assert values(warehouse, "select name from raw_bot.leads where id = '2'") == [("Nova",)]


def test_what_announces_no_change_is_read_again_for_a_while_and_whole_at_reconciliation(
    bot: str, warehouse: str
) -> None:
    sync(bot, warehouse)
    execute(
        bot,
        "update campaign_costs set cost = 777 where campaign_id = 1 and cost_date = current_date - 60",
        "update campaign_costs set cost = 888 where campaign_id = 1 and cost_date = current_date - 120",
        "update feedback set nps_score = 10, score = 5 where id = 40",
        "update llm_interactions set validated_intent = 'agendar' where id = 40",
    )
    assert sync(bot, warehouse).rows_written == 3
    assert values(warehouse, "select count(*) from raw_bot.campaign_costs where cost = 888") == [(0,)]
    assert sync(bot, warehouse, mode="reconcile").rows_written == 1
    assert_equal_to_source(bot, warehouse)


def test_after_a_long_pause_nothing_in_between_is_missing(bot: str, warehouse: str) -> None:
    """The ninety days count from the last sync where that is longer ago."""
    sync(bot, warehouse)
    execute(bot, "insert into campaign_costs values (1, current_date - 199, 5, 'BRL', null, null)")
    execute(
        warehouse,
        """update ops.sync_state set watermark = '{"cursor": "2020-01-01"}' where resource = 'campaign_costs'""",
    )
    assert sync(bot, warehouse).rows_written == 1


def test_a_table_that_does_keep_the_time_of_change_is_read_by_it(bot: str, warehouse: str) -> None:
    execute(
        bot,
        "alter table feedback add updated_at timestamptz",
        "update feedback set created_at = now() - interval '200 days'",
    )
    sync(bot, warehouse)
    execute(bot, "update feedback set nps_score = 0, updated_at = now() where id = 5")
    assert sync(bot, warehouse).rows_written == 1
    assert values(warehouse, "select nps_score from raw_bot.feedback where id = '5'") == [(0,)]


def test_reconciliation_marks_what_vanished_and_takes_back_what_returned(bot: str, warehouse: str) -> None:
    sync(bot, warehouse)
    execute(bot, "delete from leads where id in (3, 4)", "delete from campaign_costs where campaign_id = 2")
    execute(
        bot, "create table kept as select * from conversations where id = 9", "delete from conversations where id = 9"
    )
    assert sync(bot, warehouse).rows_deleted == 0
    summary = sync(bot, warehouse, mode="reconcile")
    assert summary.rows_deleted == 2 + 101 + 1
    assert {row["id"] for row in landed_rows(warehouse, "leads", deleted=True)} == {"3", "4"}
    assert_equal_to_source(bot, warehouse)
    execute(bot, "insert into conversations select * from kept")
    assert sync(bot, warehouse, mode="reconcile").rows_written == 1
    assert_equal_to_source(bot, warehouse)


def test_the_only_row_of_a_table_may_go_and_return(bot: str, warehouse: str) -> None:
    execute(
        bot, "delete from marketing_campaigns where id > 1", "create table kept as select * from marketing_campaigns"
    )
    for _ in range(3):
        sync(bot, warehouse)
    execute(bot, "delete from marketing_campaigns")
    assert sync(bot, warehouse, mode="reconcile").rows_deleted == 1
    execute(bot, "insert into marketing_campaigns select * from kept")
    assert sync(bot, warehouse).rows_written == 1
    assert_equal_to_source(bot, warehouse)


def test_a_reconciliation_that_would_delete_too_much_is_refused_until_asked_for_again(bot: str, warehouse: str) -> None:
    sync(bot, warehouse)
    execute(bot, "delete from leads where id > 10")
    with pytest.raises(BotError, match=r"'box'.*10 of 60 leads.*run the same full refresh again"):
        sync(bot, warehouse, mode="reconcile")
    assert len(landed_rows(warehouse, "leads")) == 60
    assert sync(bot, warehouse).rows_deleted == 0
    assert sync(bot, warehouse, mode="reconcile").rows_deleted == 50
    assert_equal_to_source(bot, warehouse)


def test_since_reads_again_from_that_day(bot: str, warehouse: str) -> None:
    sync(bot, warehouse)
    execute(bot, "update leads set name = 'Em silêncio' where id in (20, 59)")
    assert sync(bot, warehouse).rows_written == 0
    day = date.today() - timedelta(days=6)  # noqa: DTZ011
    summary = sync(bot, warehouse, mode="since", since=day)
    assert summary.rows_written == 1
    assert values(warehouse, "select id from raw_bot.leads where name = 'Em silêncio'") == [("20",)]
    assert values(warehouse, "select mode from ops.sync_runs order by sync_id") == [
        ("first",),
        ("incremental",),
        ("since",),
    ]


def test_phones_are_one_spelling(bot: str, warehouse: str) -> None:
    execute(
        bot,
        "update leads set phone = '11 8123-4567' where id = 1",
        "update leads set phone = '+55 (11) 98123-4567' where id = 2",
        "update leads set phone = 'não tem' where id = 3",
    )
    sync(bot, warehouse)
    found = values(warehouse, "select id, phone, phone_e164 from raw_bot.leads where id in ('1', '2', '3') order by id")
    assert found == [
        ("1", "11 8123-4567", "+5511981234567"),
        ("2", "+55 (11) 98123-4567", "+5511981234567"),
        ("3", "não tem", None),
    ]


def test_rows_that_cannot_be_right_are_kept_aside_and_taken_once_they_are(bot: str, warehouse: str) -> None:
    execute(
        bot,
        "update feedback set nps_score = 11 where id = 7",
        "update leads set status = 'sumiu' where id = 5",
        "update procedure_bookings set value = 'NaN' where id = 6",
        "alter table leads drop constraint leads_pkey",
        "alter table leads alter id drop not null",
        "insert into leads (id, status, created_at, updated_at) values (null, 'new', now(), now())",
    )
    summary = sync(bot, warehouse)
    assert summary.rows_rejected >= 3
    rejected = dict(values(warehouse, "select resource || '/' || row_key, reason from ops.rejected_rows"))
    assert "nps_score" in rejected["feedback/7"]
    assert "status" in rejected["leads/5"]
    assert len(landed_rows(warehouse, "feedback")) == 59
    execute(bot, "update feedback set nps_score = 10 where id = 7")
    sync(bot, warehouse)
    assert len(landed_rows(warehouse, "feedback")) == 60
    assert values(warehouse, "select 1 from ops.rejected_rows where resource = 'feedback'") == []


def test_columns_of_the_bots_own_are_carried_along_but_for_secrets(bot: str, warehouse: str) -> None:
    execute(
        bot,
        "alter table leads add utm jsonb, add visits int, add api_token text, add note json, add photo bytea",
        """update leads set utm = '{"source": "ig", "n": [1, null]}', visits = 3, api_token = 'sk-123', photo = 'x',
           note = '{"a": "b\\u0000c"}' where id = 1""",
        "alter table conversation_messages add total_tokens int",
        "update conversation_messages set total_tokens = 12 where id = 4",
    )
    summary = sync(bot, warehouse)
    assert values(warehouse, "select extra from raw_bot.leads where id = '1'") == [
        ({"utm": {"source": "ig", "n": [1, None]}, "visits": 3, "note": {"a": "bc"}},)
    ]
    assert values(warehouse, "select extra from raw_bot.leads where id = '2'") == [(None,)]
    assert values(warehouse, "select extra from raw_bot.conversation_messages where id = '4'") == [
        ({"total_tokens": 12},)
    ]
    assert summary.warnings == ["public.leads: api_token, photo left out, as secret or not text."]
    assert sync(bot, warehouse).rows_written == 0


def test_a_key_that_repeats_is_told_and_the_last_one_counts(bot: str, warehouse: str) -> None:
    execute(
        bot,
        "alter table campaign_costs rename to costs",
        "create view campaign_costs as select * from costs union all "
        "select campaign_id, cost_date, cost + 1, currency, 1, 1 from costs where cost_date = current_date",
    )
    summary = sync(bot, warehouse)
    assert summary.warnings == [
        "public.campaign_costs: 5 rows repeat another's campaign_id, cost_date; the last one counts."
    ]


def test_progress_and_details_tell_what_was_read(bot: str, warehouse: str) -> None:
    seen: dict[str, int] = {}
    sync(bot, warehouse, progress=seen.__setitem__)
    assert seen["leads"] == 60
    assert seen["conversation_messages"] == 180
    ((details,),) = values(warehouse, "select details from ops.sync_runs")
    assert details["tables"]["leads"] == {"read": 60, "written": 60, "rejected": 0}
