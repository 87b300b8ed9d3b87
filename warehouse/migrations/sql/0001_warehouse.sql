-- The warehouse's schemas and every table that is not dbt's. Every key starts with tenant_id, so that a join, a delete and
-- (past one machine) a shard never needs to look at two tenants at once.
--
-- Columns that begin with an underscore are the loader's:
--   _sync_id     the tenant's sync that last changed the row; rises by one per sync, compared by incremental models
--   _synced_at   when that sync wrote it (the warehouse's clock; for people, never compared)
--   _deleted_at  when a sync noticed that the source no longer has the row
-- `extra` keeps what the source sent and no model uses yet, minus secrets.

create schema if not exists config;
create schema if not exists raw_chatwoot;
create schema if not exists raw_bot;
create schema if not exists staging;
create schema if not exists intermediate;
create schema if not exists analysis;
create schema if not exists ml;
create schema if not exists marts;
create schema if not exists ops;

-- config -------------------------------------------------------------------------------------------------------------

create table config.tenants (
    tenant_id text primary key,
    name text not null,
    vertical text not null,
    timezone text not null,
    locale text not null,
    currency text not null,
    country text not null,
    subdivision text,
    holidays text not null,
    owner_cost_per_month numeric(18, 2) not null,
    has_chatwoot boolean not null,
    has_bot boolean not null,
    analyzer_engine text not null,
    -- false once the tenant has left tenants.yaml: its data stays, its schedules stop
    is_active boolean not null,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now()
);

create table config.sla_policies (
    tenant_id text not null,
    metric text not null check (metric in ('first_response', 'next_response', 'resolution')),
    threshold_seconds bigint not null check (threshold_seconds > 0),
    business_hours_only boolean not null,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, metric)
);

create table config.business_hours (
    tenant_id text not null,
    -- 0 is Sunday, as in Chatwoot
    day_of_week smallint not null check (day_of_week between 0 and 6),
    opens_at time not null,
    -- 24:00 is the end of the day; a shift past midnight is two rows
    closes_at time not null,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, day_of_week, opens_at)
);

-- the days on which a tenant is closed (holidays of its country and subdivision, closed_days) in its own calendar
create table config.closed_days (
    tenant_id text not null,
    closed_on date not null,
    reason text not null,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, closed_on)
);

-- raw_chatwoot -------------------------------------------------------------------------------------------------------
-- Enumerations are words (incoming, open, text), as the API writes them; times are timestamptz; "0" for "none" is null.

create table raw_chatwoot.conversations (
    tenant_id text not null,
    id bigint not null,  -- the display id
    uuid text,
    inbox_id bigint,
    contact_id bigint,
    assignee_id bigint,  -- a user; null while a bot or nobody is assigned
    assignee_bot_id bigint,
    team_id bigint,
    status text not null,
    priority text,
    labels text[] not null default '{}',
    channel text,  -- Channel::WebWidget ...
    created_at timestamptz not null,
    updated_at timestamptz,
    last_activity_at timestamptz,
    first_reply_created_at timestamptz,
    waiting_since timestamptz,
    snoozed_until timestamptz,
    sla_policy_id bigint,
    -- the database's own id, where it could be learned: reporting events name conversations by it
    db_id bigint,
    additional_attributes jsonb,
    custom_attributes jsonb,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_chatwoot.messages (
    tenant_id text not null,
    id bigint not null,
    conversation_id bigint not null,  -- the display id
    inbox_id bigint,
    message_type text not null,  -- incoming | outgoing | activity | template
    content_type text,
    content text,
    private boolean not null,
    status text,
    sender_type text,  -- contact | user | agent_bot | captain_assistant
    sender_id bigint,
    source_id text,
    content_attributes jsonb,
    created_at timestamptz not null,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_chatwoot.contacts (
    tenant_id text not null,
    id bigint not null,
    name text,
    email text,
    phone_number text,
    phone_e164 text,  -- normalised for the tenant's country; Brazilian mobiles always with the ninth digit
    identifier text,
    blocked boolean,
    created_at timestamptz,
    last_activity_at timestamptz,
    additional_attributes jsonb,
    custom_attributes jsonb,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_chatwoot.inboxes (
    tenant_id text not null,
    id bigint not null,
    name text not null,
    channel_type text,
    provider text,
    timezone text,
    working_hours_enabled boolean,
    csat_survey_enabled boolean,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_chatwoot.working_hours (
    tenant_id text not null,
    inbox_id bigint not null,
    day_of_week smallint not null,  -- 0 is Sunday
    closed_all_day boolean not null,
    open_all_day boolean not null,
    open_hour smallint,
    open_minutes smallint,
    close_hour smallint,
    close_minutes smallint,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, inbox_id, day_of_week)
);

create table raw_chatwoot.agents (
    tenant_id text not null,
    id bigint not null,
    name text,
    available_name text,
    email text,
    role text,
    confirmed boolean,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_chatwoot.teams (
    tenant_id text not null,
    id bigint not null,
    name text not null,
    description text,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_chatwoot.team_members (
    tenant_id text not null,
    team_id bigint not null,
    agent_id bigint not null,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, team_id, agent_id)
);

create table raw_chatwoot.inbox_members (
    tenant_id text not null,
    inbox_id bigint not null,
    agent_id bigint not null,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, inbox_id, agent_id)
);

create table raw_chatwoot.labels (
    tenant_id text not null,
    id bigint not null,
    title text not null,
    description text,
    color text,
    show_on_sidebar boolean,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_chatwoot.csat_survey_responses (
    tenant_id text not null,
    id bigint not null,
    conversation_id bigint not null,  -- the display id
    message_id bigint,
    contact_id bigint,
    assigned_agent_id bigint,
    rating smallint not null check (rating between 1 and 5),
    feedback_message text,
    created_at timestamptz not null,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_chatwoot.reporting_events (
    tenant_id text not null,
    id bigint not null,
    name text not null,
    value double precision,  -- seconds
    value_in_business_hours double precision,
    event_start_time timestamptz,
    event_end_time timestamptz,
    inbox_id bigint,
    user_id bigint,
    conversation_db_id bigint,
    conversation_id bigint,  -- the display id, where it could be learned
    created_at timestamptz not null,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_chatwoot.sla_policies (
    tenant_id text not null,
    id bigint not null,
    name text not null,
    description text,
    first_response_seconds double precision,
    next_response_seconds double precision,
    resolution_seconds double precision,
    only_during_business_hours boolean,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_chatwoot.applied_slas (
    tenant_id text not null,
    id bigint not null,
    conversation_id bigint not null,  -- the display id
    sla_policy_id bigint,
    sla_status text not null,  -- active | hit | missed | active_with_misses
    created_at timestamptz,
    updated_at timestamptz,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_chatwoot.sla_events (
    tenant_id text not null,
    id bigint not null,
    applied_sla_id bigint not null,
    conversation_id bigint not null,  -- the display id
    event_type text not null,  -- frt | nrt | rt
    message_id bigint,
    created_at timestamptz,
    updated_at timestamptz,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

-- raw_bot ------------------------------------------------------------------------------------------------------------
-- Ids land as text, whatever the bot's own type.

create table raw_bot.leads (
    tenant_id text not null,
    id text not null,
    phone text,
    phone_e164 text,
    name text,
    email text,
    source_channel text,
    campaign_id text,
    maturity_score double precision check (maturity_score between 0 and 100),
    status text not null check (status in ('new', 'engaged', 'qualified', 'scheduled', 'converted', 'lost')),
    assigned_to text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    converted_at timestamptz,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_bot.conversations (
    tenant_id text not null,
    id text not null,
    lead_id text not null,
    chatwoot_conversation_id bigint,  -- the display id
    status text not null check (status in ('open', 'closed')),
    started_at timestamptz not null,
    ended_at timestamptz,
    resolved_by text check (resolved_by in ('bot', 'human')),
    handoff_at timestamptz,
    handoff_reason text,
    playbook text,
    updated_at timestamptz not null,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_bot.conversation_messages (
    tenant_id text not null,
    id text not null,
    conversation_id text not null,
    direction text not null check (direction in ('in', 'out')),
    sender text not null check (sender in ('lead', 'bot', 'human')),
    content text,
    created_at timestamptz not null,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_bot.llm_interactions (
    tenant_id text not null,
    id text not null,
    conversation_id text not null,
    intent text,
    confidence double precision check (confidence between 0 and 1),
    validated_intent text,
    model text,
    prompt_tokens bigint,
    completion_tokens bigint,
    latency_ms bigint,
    created_at timestamptz not null,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_bot.lead_interactions (
    tenant_id text not null,
    id text not null,
    lead_id text not null,
    type text,
    outcome text,
    duration_seconds bigint,
    agent_id text,
    created_at timestamptz not null,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_bot.feedback (
    tenant_id text not null,
    id text not null,
    conversation_id text not null,
    score smallint check (score between 1 and 5),
    nps_score smallint check (nps_score between 0 and 10),
    comment text,
    created_at timestamptz not null,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_bot.marketing_campaigns (
    tenant_id text not null,
    id text not null,
    name text not null,
    channel text not null,
    started_on date,
    ended_on date,
    updated_at timestamptz not null,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

create table raw_bot.campaign_costs (
    tenant_id text not null,
    campaign_id text not null,
    cost_date date not null,
    cost numeric(18, 2) not null,
    currency text,
    impressions bigint,
    clicks bigint,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, campaign_id, cost_date)
);

create table raw_bot.procedure_bookings (
    tenant_id text not null,
    id text not null,
    lead_id text not null,
    procedure text,
    value numeric(18, 2),
    currency text,
    booked_at timestamptz not null,
    scheduled_for timestamptz,
    status text not null check (status in ('booked', 'attended', 'no_show', 'cancelled')),
    updated_at timestamptz not null,
    extra jsonb,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    _deleted_at timestamptz,
    primary key (tenant_id, id)
);

-- what incremental models ask: what did the tenant's latest syncs change?
do $$
declare
    t record;
begin
    for t in select table_schema, table_name from information_schema.tables where table_schema in ('raw_chatwoot', 'raw_bot')
    loop
        execute format('create index on %I.%I (tenant_id, _sync_id)', t.table_schema, t.table_name);
    end loop;
end
$$;

create index on raw_chatwoot.messages (tenant_id, conversation_id);
create index on raw_chatwoot.conversations (tenant_id, contact_id);
create index on raw_chatwoot.contacts (tenant_id, phone_e164);
create index on raw_chatwoot.reporting_events (tenant_id, conversation_id);
create index on raw_bot.leads (tenant_id, phone_e164);
create index on raw_bot.conversations (tenant_id, lead_id);
create index on raw_bot.conversation_messages (tenant_id, conversation_id);
create index on raw_bot.procedure_bookings (tenant_id, lead_id);

-- analysis -----------------------------------------------------------------------------------------------------------

create table analysis.conversation_analysis (
    tenant_id text not null,
    conversation_id text not null,  -- as in the marts: chatwoot-<display id> or bot-<id>
    is_lead boolean not null,
    lead_probability double precision not null check (lead_probability between 0 and 5),
    visit_scheduled boolean not null,
    visit_at timestamptz,
    intent text,
    sentiment text check (sentiment in ('positive', 'neutral', 'negative')),
    contact_name text,
    goal text,
    condition text,
    handoff_reason text,
    reasoning text,
    suggested_reply text,
    engine text not null,
    model text,
    prompt_version text not null,
    prompt_tokens bigint not null default 0,
    completion_tokens bigint not null default 0,
    cost_usd numeric(18, 8) not null default 0,
    latency_ms double precision,
    content_hash text not null,
    analyzed_at timestamptz not null default now(),
    _sync_id bigint not null,
    primary key (tenant_id, conversation_id)
);
create index on analysis.conversation_analysis (tenant_id, _sync_id);

-- ml -----------------------------------------------------------------------------------------------------------------

create table ml.demand_forecasts (
    tenant_id text not null,
    series text not null,  -- conversations | messages | bookings
    grain text not null check (grain in ('hour', 'day')),
    starts_at timestamptz not null,  -- start of the forecast hour or day in the tenant's time zone
    predicted double precision not null,
    lower_80 double precision not null,
    upper_80 double precision not null,
    model text not null,
    trained_until timestamptz not null,
    backtest_mase double precision,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, series, grain, starts_at)
);

-- ops ----------------------------------------------------------------------------------------------------------------

-- one counter per tenant; every writer of config, raw and analysis rows takes the next value under the tenant's lock
create table ops.sync_counters (
    tenant_id text primary key,
    last_sync_id bigint not null
);

create table ops.sync_state (
    tenant_id text not null,
    source text not null check (source in ('chatwoot', 'bot')),
    resource text not null,
    watermark jsonb not null,
    _sync_id bigint not null,
    updated_at timestamptz not null default now(),
    primary key (tenant_id, source, resource)
);

create table ops.sync_runs (
    tenant_id text not null,
    sync_id bigint not null,
    source text not null check (source in ('chatwoot', 'bot')),
    mode text not null check (mode in ('first', 'incremental', 'since', 'reconcile')),
    run_id text,  -- Dagster's
    status text not null check (status in ('running', 'succeeded', 'failed')),
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    -- the source's own clock when the sync began: what the rows are right as of
    source_clock timestamptz,
    requests bigint not null default 0,
    rows_read bigint not null default 0,
    rows_written bigint not null default 0,
    rows_deleted bigint not null default 0,
    rows_rejected bigint not null default 0,
    details jsonb not null default '{}',
    error text,
    primary key (tenant_id, sync_id)
);
create index on ops.sync_runs (run_id);

create table ops.rejected_rows (
    tenant_id text not null,
    source text not null,
    resource text not null,
    row_key text not null,
    reason text not null,
    payload jsonb,
    _sync_id bigint not null,
    first_seen_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    primary key (tenant_id, source, resource, row_key)
);

create table ops.llm_usage (
    tenant_id text not null,
    day date not null,
    engine text not null,
    model text not null,
    requests bigint not null default 0,
    prompt_tokens bigint not null default 0,
    cached_tokens bigint not null default 0,
    completion_tokens bigint not null default 0,
    cost_usd numeric(18, 8) not null default 0,
    primary key (tenant_id, day, engine, model)
);

-- one row per dbt invocation and tenant: a build covers the tenant's syncs in (from_sync_id, to_sync_id]. Only a build in
-- which every incremental model succeeded is marked complete, and only a complete build moves the next one's start.
create table ops.builds (
    tenant_id text not null,
    invocation_id text not null,
    from_sync_id bigint not null,
    to_sync_id bigint not null,
    project_hash text,
    started_at timestamptz not null default clock_timestamp(),
    completed_at timestamptz,
    primary key (tenant_id, invocation_id)
);
create index on ops.builds (tenant_id, completed_at desc);
