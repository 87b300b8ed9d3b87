-- Up to which sync each tenant's conversations have been looked at, and with what: while neither moves, there is nothing to
-- analyse, and finding that out costs one row.
create table analysis.progress (
    tenant_id text primary key,
    engine text not null,
    model text,
    prompt_version text not null,
    -- what an analyzer reads beside the messages
    vertical text not null,
    timezone text not null,
    read_to_sync_id bigint not null,
    updated_at timestamptz not null default now()
);
