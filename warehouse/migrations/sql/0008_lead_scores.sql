-- What an analyzer reads in a talk changes as the talk goes on. These are readings of talks as they stood at a past moment,
-- for training: what was known then, and nothing that was said afterwards.
create table analysis.earlier_readings (
    tenant_id text not null,
    conversation_id text not null,
    read_as_of timestamptz not null,  -- only what had been said by then was read
    is_lead boolean not null,
    lead_probability double precision not null check (lead_probability between 0 and 5),
    visit_scheduled boolean not null,
    visit_at timestamptz,
    intent text,
    sentiment text,
    engine text not null,
    prompt_version text not null,
    content_hash text not null,
    primary key (tenant_id, conversation_id, read_as_of)
);

-- Every model that was trained, whether or not it came into use.
create table ml.model_versions (
    tenant_id text not null,  -- '*' for a model pooled over all tenants
    model text not null,  -- lead_conversion | lead_silence
    version bigint not null,
    method text not null,
    code_version text not null,
    trained_at timestamptz not null default now(),
    trained_from timestamptz not null,  -- the moments of the first and the last snapshot it learned from
    trained_until timestamptz not null,
    held_out_from timestamptz,  -- and of those it was judged on
    held_out_until timestamptz,
    metrics jsonb not null,
    parameters jsonb not null,  -- plain numbers and names: nothing in it is ever executed
    in_use boolean not null,
    verdict text not null,  -- why it is in use, or is not
    primary key (tenant_id, model, version)
);
create unique index on ml.model_versions (tenant_id, model) where in_use;

create table ml.lead_scores (
    tenant_id text not null,
    person_id text not null,  -- as in the marts
    scored_as_of timestamptz not null,
    probability double precision not null check (probability between 0 and 1),
    reason_1 text,  -- what moved the probability most, in words; fewer where little speaks either way
    reason_2 text,
    reason_3 text,
    churn_risk double precision not null check (churn_risk between 0 and 1),
    best_hour smallint check (best_hour between 0 and 23),
    playbook text,
    method text not null,  -- additive, or the simple answer that no model beat: maturity | base_rate
    model_version text not null,
    is_checked boolean not null,  -- whether the model was judged on this tenant's own outcomes
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, person_id)
);
