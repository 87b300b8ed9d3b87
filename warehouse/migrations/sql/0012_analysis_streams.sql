-- Results arrive one by one, from whoever answers first: what was asked of whom, what it took, and what is to be read again.

alter table analysis.conversation_analysis
    -- the version of the analyzer that was asked (`engine/model/prompt version`); who answered stands in engine, model and
    -- prompt_version, and is another where a cascade had it from its first stage or the rules stood in
    add column asked_of text not null default '',
    -- why the rules answered instead: refusal, truncated, invalid, unavailable, budget
    add column fallback_reason text,
    -- how sure the engine was, 0 to 1; null where it cannot tell
    add column confidence double precision,
    add column messages integer not null default 0,
    add column requests bigint not null default 0,
    add column cached_tokens bigint not null default 0;

update analysis.conversation_analysis
set asked_of = engine || '/' || coalesce(model, '-') || '/' || prompt_version;

alter table analysis.progress
    drop column engine,
    drop column model,
    drop column prompt_version,
    add column asked_of text not null default '';

-- Conversations to look at again although no sync touches them: few new messages were put off, or a server was away.
create table analysis.due_again (
    tenant_id text not null,
    conversation_id text not null,
    reason text not null check (reason in ('few_new_messages', 'unavailable')),
    due_at timestamptz not null,
    primary key (tenant_id, conversation_id)
);
create index on analysis.due_again (tenant_id, due_at);

-- What may still be spent in a month: one row that every request reserves from before it goes. What a killed run had under
-- way stays reserved for the month, because it may have been paid.
create table ops.llm_budgets (
    tenant_id text not null,
    month date not null,
    reserved_usd numeric(18, 8) not null default 0,
    spent_usd numeric(18, 8) not null default 0,
    -- when the operator was told that the month's budget is spent
    noticed_at timestamptz,
    primary key (tenant_id, month)
);
