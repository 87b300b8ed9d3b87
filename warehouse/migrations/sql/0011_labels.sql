-- What people say that conversations really were: one row per person who says so, so that two can be compared.
create table analysis.labels (
    tenant_id text not null,
    conversation_id text not null,
    labelled_by text not null,
    -- of what was shown: a conversation that has gone on since is another one
    content_hash text not null,
    is_lead boolean not null,
    visit_scheduled boolean not null,
    -- the instant, or the tenant's local day alone where nobody said an hour
    visit_at timestamptz,
    visit_on date,
    intent text not null,
    sentiment text not null,
    contact_name text,
    goal text,
    condition text,
    handoff_reason text,
    labelled_at timestamptz not null default now(),
    primary key (tenant_id, conversation_id, labelled_by),
    check (visit_at is null or visit_on is null)
);

-- The small local models that read conversations, as numbers, with what they were found to be worth. One vertical's model serves all
-- its tenants, so these rows are no tenant's; the newest one is in use.
create table analysis.reading_models (
    vertical text not null,
    version text not null,
    trained_at timestamptz not null default now(),
    parameters jsonb not null,
    metrics jsonb not null,
    primary key (vertical, version)
);
