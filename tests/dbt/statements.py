"""Statements that somebody with a login might try, made at random from what the models declare: the honest and the others.

A statement is a few lines of SQL run one after another in one session. Most must answer the same whether or not other tenants
exist; those of which PostgreSQL's own bookkeeping is part (plans, sizes, sessions) are marked `is_about_the_server`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

# what an enemy may guess of a tenant that is not theirs
GUESSES = (
    "tenant_id = 'theirs'",
    "tenant_id <> 'ours'",
    "tenant_id like 't%'",
    "tenant_id || '' = 'theirs'",
    "not tenant_id = any(access.tenants())",
    "tenant_id is not null or true",
    "length(tenant_id) = 6",
    "starts_with(tenant_id, 'the')",
    "ctid = any(array['(0,1)', '(0,2)', '(0,3)', '(1,1)']::tid[])",
    "tableoid > 0",
)
ROLES = (
    "funil",
    "funil_admin",
    "funil_agency",
    "funil_gateway",
    "funil_reader",
    "tenant_theirs",
    "agent_theirs_31",
    "none",
)
SETTINGS = (
    "row_security = off",
    "funil.tenant = 'theirs'",
    "search_path = pg_temp, marts, ml, raw_bot",
    "default_transaction_read_only = off",
    "session_replication_role = replica",
    "enable_seqscan = off",
    "enable_indexscan = off",
    "enable_bitmapscan = off",
    "plan_cache_mode = force_generic_plan",
    "from_collapse_limit = 1",
    "session authorization funil",
    "log_statement = 'all'",
    "is_superuser = on",
    "role to funil_agency",
    "debug_print_plan = on",
    "client_min_messages = debug5",
)
# of no mart: what an enemy looks for beside them
ELSEWHERE = (
    "raw_chatwoot.messages",
    "raw_bot.leads",
    "config.tenants",
    "analysis.conversation_analysis",
    "ml.lead_scores",
    "ops.sync_runs",
    "ops.audit_log",
    "staging.stg_config__tenants",
    "intermediate.int_people",
    "pg_statistic",
    "pg_authid",
    "pg_largeobject",
    "pg_user_mapping",
    "pg_statistic_ext_data",
    "pg_hba_file_rules",
)
CATALOG = (
    "select schemaname, tablename, attname, most_common_vals::text, histogram_bounds::text from pg_stats"
    " where schemaname not in ('pg_catalog', 'information_schema')",
    "select * from pg_stats_ext",
    "select relname, relkind, relrowsecurity from pg_class where relnamespace = 'marts'::regnamespace",
    "select attname from pg_attribute where attrelid = 'marts.fct_conversations'::regclass",
    "select * from information_schema.columns where table_schema = 'marts'",
    "select * from information_schema.table_privileges",
    "select * from pg_policies",
    "select proname, prosrc from pg_proc where pronamespace = 'access'::regnamespace",
    "select obj_description(oid) from pg_class where relnamespace = 'marts'::regnamespace",
    "select pg_get_viewdef(oid) from pg_class where relkind = 'v' and relnamespace = 'marts'::regnamespace",
    "select pg_get_expr(polqual, polrelid) from pg_policy",
    "select setrole, setconfig from pg_db_role_setting where setrole = (select oid from pg_roles where rolname = current_user)",
    "select * from pg_largeobject_metadata",
    "select * from pg_seclabels",
    "select * from pg_prepared_statements",
    "select * from pg_cursors",
    "select * from pg_publication_tables",
    "select access.tenants(), access.agents(), access.reads_all_agents(), access.is_of('funil_agency')",
    "select has_schema_privilege('raw_bot', 'usage'), has_table_privilege('marts.dim_contact_pii', 'select')",
)
OF_THE_SERVER = (
    "select usename, application_name, query, client_addr from pg_stat_activity",
    "select * from pg_locks",
    "select relname, n_live_tup, seq_tup_read from pg_stat_all_tables",
    "select relname, seq_tup_read from pg_stat_xact_all_tables",
    "select relname, heap_blks_hit from pg_statio_all_tables",
    "select relname, reltuples, relpages from pg_class",
    "select pg_relation_size(oid) from pg_class where relnamespace = 'marts'::regnamespace",
    "select name, setting from pg_settings",
    "select * from pg_file_settings",
    "select datname, datacl from pg_database",
    "select pg_current_snapshot()",
    "select pg_export_snapshot()",
    "select * from pg_stat_progress_analyze",
    "select * from pg_stat_replication",
    "select * from pg_replication_slots",
    "select * from pg_backend_memory_contexts",
    "select * from pg_shmem_allocations",
    "select * from pg_get_wal_records_info('0/1', '0/2')",
)
FORBIDDEN = (
    "create temp table mine as select * from {mart}",
    "create table marts.mine as select * from {mart}",
    "create table public.mine (a int)",
    "select * into marts.mine from {mart}",
    "create view marts.mine as select * from {mart}",
    "create function pg_temp.leak(text) returns boolean language plpgsql cost 0.0000001 as $$ begin raise notice '%', $1; return true; end $$",
    "create function marts.leak(text) returns boolean language sql cost 0.0000001 leakproof as 'select true'",
    "create operator marts.<<< (leftarg = text, rightarg = text, function = texteq)",
    "create or replace function access.tenants() returns text[] language sql as $$ select array['theirs'] $$",
    "create schema mine",
    "create extension dblink",
    "create extension postgres_fdw",
    "create extension file_fdw",
    "create extension pageinspect",
    "select dblink('dbname=postgres', 'select 1')",
    "create server s foreign data wrapper postgres_fdw",
    "create policy mine on {mart} using (true)",
    "drop policy readers on {mart}",
    "alter policy readers on {mart} using (true)",
    "alter table {mart} disable row level security",
    "alter table {mart} owner to current_user",
    "alter table {mart} alter column tenant_id set statistics 10000",
    "analyze verbose {mart}",
    "create statistics marts.s on tenant_id from {mart}",
    "create index on {mart} (tenant_id)",
    "create unique index on {mart} (tenant_id)",
    "create trigger t before insert on {mart} for each row execute function tsvector_update_trigger('a', 'b', 'c')",
    "create rule r as on select to {mart} do instead select * from {mart}",
    "create publication p for table {mart}",
    "create subscription s connection 'dbname=postgres' publication p",
    "insert into {mart} (tenant_id) values ('theirs')",
    "insert into {mart} select * from {mart}",
    "update {mart} set tenant_id = 'ours'",
    "delete from {mart} where tenant_id = 'theirs' returning *",
    "merge into {mart} as m using (select 1) as s on true when matched then delete",
    "truncate {mart}",
    "select * from {mart} for update",
    "lock table {mart} in access exclusive mode",
    "vacuum {mart}",
    "grant funil_admin to current_user",
    "grant tenant_theirs to current_user",
    "grant select on {mart} to public",
    "alter role current_user bypassrls",
    "alter role current_user superuser",
    "alter role funil password 'mine'",
    "create role mine login",
    "alter system set row_security = off",
    "alter database postgres owner to current_user",
    "copy {mart} to '/tmp/stolen'",
    "copy {mart} to program 'cat > /tmp/stolen'",
    "copy {mart} from program 'id'",
    "select pg_read_file('postgresql.conf')",
    "select pg_read_binary_file('base/1/1259')",
    "select * from pg_ls_dir('.')",
    "select pg_stat_file('postgresql.conf')",
    "select lo_import('/etc/passwd')",
    "select lo_export(1, '/tmp/stolen')",
    "select lo_get(1)",
    "select lo_creat(-1)",
    "select lo_from_bytea(0, 'a')",
    "select pg_create_logical_replication_slot('s', 'test_decoding')",
    "select pg_switch_wal()",
    "select pg_promote()",
    "load 'auto_explain'",
    "set session_preload_libraries = 'auto_explain'",
    "security label on table {mart} is 'mine'",
    "comment on table {mart} is 'mine'",
    "reassign owned by funil to current_user",
    "do language plpython3u $$ import os $$",
    "select set_config('role', 'funil_agency', false)",
    "select pg_advisory_lock(1)",
    "select pg_advisory_xact_lock_shared(1)",
    "select pg_notify('funil', 'x')",
)


@dataclass(frozen=True)
class Statement:
    """Lines of SQL for one session, and what kind of attempt they are."""

    family: str
    lines: tuple[str, ...]
    is_about_the_server: bool = False

    def __str__(self) -> str:
        return f"[{self.family}] " + ";\n".join(self.lines)


class Generator:
    """Statements over marts: their columns' types by name. `readable` are those the login may read, of these most are made."""

    def __init__(
        self, marts: Mapping[str, Mapping[str, str]], readable: Mapping[str, Sequence[str]], seed: int
    ) -> None:
        self._marts = marts
        self._readable = readable
        self._random = Random(seed)

    def make(self) -> Statement:
        """The next statement."""
        families: dict[Callable[[], Statement], int] = {
            self._plain: 30,
            self._after_a_setting: 12,
            self._explained: 10,
            self._copied: 6,
            self._failing: 14,
            self._by_function: 8,
            self._prepared: 6,
            self._by_cursor: 4,
            self._in_a_block: 7,
            self._elsewhere: 6,
            self._catalog: 6,
            self._forbidden: 12,
            self._listening: 1,
        }
        [family] = self._random.choices(list(families), weights=list(families.values()))
        return family()

    # what is asked ----------------------------------------------------------------------------------------------------

    def _mart(self) -> str:
        # now and then one that is not theirs to read
        names = self._marts if self._random.random() < 0.08 else self._readable
        return self._random.choice(sorted(names))

    def _columns(self, mart: str) -> Sequence[str]:
        return self._readable.get(mart) or list(self._marts[mart])

    def _column(self, mart: str, *types: str) -> str:
        columns = self._columns(mart)
        fitting = [name for name in columns if not types or self._marts[mart][name].startswith(types)]
        return self._random.choice(fitting or list(columns))

    def _condition(self, mart: str, of: str = "") -> str:
        guess = self._random.random() < 0.5
        if guess:
            condition = self._random.choice(GUESSES)
            return (
                condition
                if not of
                else condition.replace("tenant_id", f"{of}.tenant_id")
                .replace("ctid", f"{of}.ctid")
                .replace("tableoid", f"{of}.tableoid")
            )
        column = (f"{of}." if of else "") + self._column(mart)
        return self._random.choice(
            [
                f"{column} is null",
                f"{column} is not null",
                f"{column}::text > '{self._random.choice('0+aQmST')}'",
                f"{column}::text like '%{self._random.choice('aeio159')}%'",
                f"{column} is distinct from (select {self._column(mart)} from marts.{mart} order by 1 limit 1)",
                f"length({column}::text) % 2 = {self._random.randrange(2)}",
            ]
        )

    def _query(self) -> str:
        return self._random.choice(
            [self._simple, self._aggregate, self._joined, self._nested, self._combined, self._windowed]
        )()

    def _simple(self) -> str:
        mart = self._mart()
        what = self._random.choice(
            [
                "*",
                "tenant_id",
                "count(*)",
                "m",
                "m.*::text",
                "row_to_json(m)",
                "to_jsonb(m)",
                "m.ctid, m.tableoid",
                "hashtext(m::text)",
            ]
        )
        if what == "*":
            what = ", ".join(self._columns(mart))
        sample = self._random.choice(["", "", "", " tablesample system (100)", " tablesample bernoulli (100)"])
        return f"select {what} from marts.{mart} as m{sample} where {self._condition(mart)}"

    def _aggregate(self) -> str:
        mart = self._mart()
        column, by = self._column(mart), self._column(mart)
        figure = self._random.choice(
            [
                "count(*)",
                f"count(distinct {column})",
                f"min({column}::text), max({column}::text)",
                f"string_agg({column}::text, ',' order by {column}::text)",
                f"mode() within group (order by {column})",
                f"array_agg(distinct {column}::text)",
                f"sum(length({column}::text))",
                f"bool_or({column} is null)",
                "count(*) filter (where tenant_id = 'theirs')",
            ]
        )
        grouped = self._random.choice(["", f" group by {by}", f" group by rollup (tenant_id, {by})"])
        having = self._random.choice(["", " having count(*) > 0", " having bool_or(tenant_id <> 'ours')"])
        return f"select {figure} from marts.{mart} where {self._condition(mart)}{grouped}{having}"

    def _joined(self) -> str:
        one, other = self._mart(), self._mart()
        how = self._random.choice(["join", "left join", "full join", "right join"])
        on = self._random.choice(
            [
                "a.tenant_id = b.tenant_id",
                "a.tenant_id <> b.tenant_id",
                f"a.{self._column(one)}::text = b.{self._column(other)}::text",
            ]
        )
        if how == "full join":
            on = "a.tenant_id = b.tenant_id"
        return f"select count(*), min(b.tenant_id), max(a.tenant_id) from marts.{one} as a {how} marts.{other} as b on {on} where {self._condition(one, 'a')}"

    def _nested(self) -> str:
        mart, other = self._mart(), self._mart()
        condition = self._condition(mart)
        return self._random.choice(
            [
                f"with x as materialized (select * from marts.{mart}) select count(*) from x where {condition.replace('ctid', 'tenant_id::text').replace('::tid[]', '::text[]').replace('tableoid', '1')}",
                f"with recursive r as (select 1 as n, (select count(*) from marts.{mart}) as c union all select n + 1, c from r where n < 3) select * from r",
                f"select tenant_id, (select count(*) from marts.{other} as o where o.tenant_id <> m.tenant_id) from marts.{mart} as m",
                f"select count(*) from marts.{mart} as m where not exists (select from marts.{other} as o where o.tenant_id = m.tenant_id)",
                f"select l.* from marts.{mart} as m cross join lateral (select max(o.tenant_id) from marts.{other} as o where o.tenant_id > m.tenant_id) as l",
                f"select exists (select from marts.{mart} where tenant_id = 'theirs'), (select count(*) from marts.{other})",
                f"select n, (select count(*) from marts.{mart} where length(tenant_id) = n) from generate_series(1, 12) as n",
            ]
        )

    def _combined(self) -> str:
        one, other = self._mart(), self._mart()
        how = self._random.choice(["union", "union all", "except", "intersect all"])
        return (
            f"select tenant_id from marts.{one} where {self._condition(one)} {how} select tenant_id from marts.{other}"
        )

    def _windowed(self) -> str:
        mart = self._mart()
        column = self._column(mart)
        return f"select {column}, count(*) over (), rank() over (order by {column}::text), lag(tenant_id) over (order by {column}::text, tenant_id) from marts.{mart} where {self._condition(mart)}"

    # how it is asked --------------------------------------------------------------------------------------------------

    def _plain(self) -> Statement:
        return Statement("query", (self._query(),))

    def _after_a_setting(self) -> Statement:
        setting = self._random.choice([*(f"set {each}" for each in SETTINGS), *(f"set role {role}" for role in ROLES)])
        if self._random.random() < 0.3:
            return Statement("setting", ("begin", setting.replace("set ", "set local ", 1), self._query(), "rollback"))
        return Statement("setting", (setting, self._query()))

    def _explained(self) -> Statement:
        how = self._random.choice(
            [
                "",
                "(verbose)",
                "(analyze)",
                "(analyze, verbose, buffers, settings)",
                "(analyze, format json)",
                "(generic_plan)",
            ]
        )
        settings = [f"set {each}" for each in SETTINGS if each.startswith("enable_") and self._random.random() < 0.4]
        return Statement("explain", (*settings, f"explain {how} {self._query()}"), is_about_the_server=True)

    def _copied(self) -> Statement:
        how = self._random.choice(["", " with (format csv, header)", " with (format binary)"])
        mart = self._mart()
        what = self._random.choice([f"({self._query()})", f"marts.{mart}", f"marts.{mart} ({self._column(mart)})"])
        return Statement("copy", (f"copy {what} to stdout{how}",))

    def _failing(self) -> Statement:
        """Errors that say which value they stumbled over."""
        mart = self._mart()
        column = self._column(mart, "text")
        wrong = self._random.choice(
            [
                f"{column}::int = 1",
                f"{column}::date is null",
                f"{column}::uuid is null",
                f"{column}::inet is null",
                f"{column}::jsonb is null",
                f"{column}::xml is null",
                f"{column}::boolean",
                f"{column}::regclass is null",
                f"{column}::regrole is null",
                f"{column}::bit(3) is null",
                "1 / (length(tenant_id) - 6) = 1",
                f"1 / (case when tenant_id = 'theirs' then 0 else 1 end) = 1 and {column} is null",
                "sqrt(4 - length(tenant_id)) > 0",
                f"regexp_count(tenant_id, {column} || '(') > 0",
                f"chr(-length({column})) = ''",
                f"(select {column}::int from marts.{mart} where tenant_id = 'theirs') = 1",
                f"to_timestamp({column}, 'YYYY') is null",
                f"('{{' || {column})::int[] is null",
                f"query_to_xml('select ' || {column}, true, true, '') is null",
            ]
        )
        if self._random.random() < 0.3:
            return Statement("error", (f"select {wrong} from marts.{mart}",))
        return Statement("error", (f"select count(*) from marts.{mart} where {wrong}",))

    def _by_function(self) -> Statement:
        mart, query = self._mart(), self._query().replace("'", "''")
        call = self._random.choice(
            [
                f"query_to_xml('{query}', true, true, '')",
                f"table_to_xml('marts.{mart}', true, false, '')",
                f"query_to_xml_and_xmlschema('{query}', true, true, '')",
                "schema_to_xml('marts', true, false, '')",
                f"ts_stat('select to_tsvector(m::text) from marts.{mart} as m')",
                f"row_security_active('marts.{mart}')",
                "schema_to_xml('raw_bot', true, false, '')",
                "table_to_xml('raw_bot.leads', true, false, '')",
                f"query_to_xml('select * from marts.{mart} where tenant_id = ''theirs''', true, true, '')",
            ]
        )
        return Statement("function", (f"select {call}",))

    def _prepared(self) -> Statement:
        mart = self._mart()
        query = self._random.choice(
            [
                f"select count(*) from marts.{mart} where tenant_id = $1",
                f"select m::text from marts.{mart} as m where tenant_id <> $1",
            ]
        )
        settings = self._random.choice(
            [(), ("set plan_cache_mode = force_generic_plan",), ("set plan_cache_mode = force_custom_plan",)]
        )
        between = self._random.choice(
            [
                (),
                (f"set role {self._random.choice(ROLES)}",),
                ("set funil.tenant = 'theirs'",),
                ("set row_security = off",),
            ]
        )
        return Statement(
            "prepared",
            (*settings, f"prepare p (text) as {query}", "execute p ('ours')", *between, "execute p ('theirs')"),
        )

    def _by_cursor(self) -> Statement:
        query = self._query()
        hold = self._random.choice(["", " with hold"])
        scroll = self._random.choice(["", " scroll"])
        between = self._random.choice([(), (f"set local role {self._random.choice(ROLES)}",)])
        return Statement(
            "cursor",
            (
                "begin",
                f"declare c{scroll} cursor{hold} for {query}",
                *between,
                "fetch all from c",
                "move absolute 0 from c",
                "rollback",
            ),
        )

    def _in_a_block(self) -> Statement:
        mart = self._mart()
        column = self._column(mart)
        body = self._random.choice(
            [
                f"declare r record; begin for r in select * from marts.{mart} as m order by m::text loop raise notice '%', r; end loop; end",
                f"declare n bigint; begin execute 'select count(*) from marts.{mart}' into n; raise notice '%', n; end",
                f"begin perform {column}::text::int from marts.{mart} where tenant_id = 'theirs'; exception when others then raise notice '% %', sqlstate, sqlerrm; end",
                f"begin set local role funil_agency; perform count(*) from marts.{mart}; exception when others then raise notice '%', sqlerrm; end",
                f"begin perform set_config('row_security', 'off', true); perform count(*) from marts.{mart}; exception when others then raise notice '%', sqlerrm; end",
                f"declare c refcursor; r record; begin open c for select {column}::text as x from marts.{mart} order by 1; loop fetch c into r; exit when not found; raise notice '%', r.x; end loop; end",
                f"begin if exists (select from marts.{mart} where tenant_id = 'theirs') then raise notice 'there'; end if; end",
            ]
        )
        return Statement("block", (f"do $block$ {body} $block$",))

    def _elsewhere(self) -> Statement:
        table = self._random.choice(ELSEWHERE)
        mart = self._mart()
        return Statement(
            "elsewhere",
            (
                self._random.choice(
                    [
                        f"select * from {table}",
                        f"select count(*) from {table}",
                        f"copy {table} to stdout",
                        f"explain (analyze) select * from {table}",
                        f"select count(*) from marts.{mart}, {table}",
                    ]
                ),
            ),
        )

    def _catalog(self) -> Statement:
        if self._random.random() < 0.4:
            return Statement("server", (self._random.choice(OF_THE_SERVER),), is_about_the_server=True)
        return Statement("catalog", (self._random.choice(CATALOG),))

    def _forbidden(self) -> Statement:
        attempt = self._random.choice(FORBIDDEN).format(mart=f"marts.{self._mart()}")
        return Statement("forbidden", ("set default_transaction_read_only = off", attempt, self._query()))

    def _listening(self) -> Statement:
        return Statement(
            "listen",
            ("listen funil", "listen dagster", "notify funil, 'x'", "select pg_listening_channels()", "unlisten *"),
        )
