-- People who asked to be forgotten. What is kept of them is what keeps them from coming back: keyed hashes, which say nothing
-- to whoever has no key (docs/security.md), and how many rows went.
create table ops.erasures (
    tenant_id text not null,
    erasure_id bigint not null,
    asked_by text not null,
    asked_at timestamptz not null default clock_timestamp(),
    rows_removed jsonb not null,  -- table -> rows
    -- the totals that included the person were built anew; and nothing is left in the server's files
    rebuilt_at timestamptz,
    cleaned_at timestamptz,
    primary key (tenant_id, erasure_id)
);

create table ops.erased_identities (
    tenant_id text not null,
    digest text not null,
    kind text not null check (
        kind in ('contact', 'lead', 'phone', 'email', 'identifier', 'chatwoot', 'bot', 'chatwoot_db')
    ),
    key_id text not null,  -- which key it was made with
    erasure_id bigint not null,
    added_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, digest)
);
