-- What each step of a run did to each tenant: how a later step of the run, in another process or after a re-execution, knows
-- who has failed; and the row per tenant that `funil run` and the run's report show.
create table ops.tenant_steps (
    tenant_id text not null,
    run_id text not null,  -- Dagster's
    step text not null check (step in ('sync_chatwoot', 'sync_bot', 'analyze', 'transform', 'predict')),
    status text not null check (status in ('succeeded', 'failed')),
    started_at timestamptz not null,
    finished_at timestamptz not null,
    requests bigint not null default 0,
    rows_read bigint not null default 0,
    rows_written bigint not null default 0,
    rows_deleted bigint not null default 0,
    rows_rejected bigint not null default 0,
    note text,  -- why there was nothing to do, or what a person should know
    error text,
    primary key (tenant_id, run_id, step)
);
create index on ops.tenant_steps (run_id);
create index on ops.tenant_steps (finished_at);

-- Views are everybody's, so they are built when the code changes and not at each tick: with which code they were built last.
create table ops.view_builds (
    part text primary key,
    project_hash text not null,
    built_at timestamptz not null default now()
);
