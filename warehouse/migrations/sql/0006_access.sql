-- Who may read which rows. A login is what its memberships make it: of one kind (funil_manager ...), of tenants
-- (tenant_<slug>), and, for a secretary, of agents (agent_<slug>_<id>). Policies ask the functions below, and these ask
-- PostgreSQL's own catalog; a setting of the session decides nothing, but for a trusted gateway.

create schema access;
grant usage on schema access to public;

-- the group roles belong to the whole server: another warehouse on it may have made them already
do $$
declare
    kind text;
begin
    foreach kind in array array['reader', 'admin', 'manager', 'secretary', 'marketing', 'agency', 'gateway'] loop
        begin
            if not exists (select from pg_roles where rolname = 'funil_' || kind) then
                execute format('create role %I nologin', 'funil_' || kind);
            end if;
            if kind <> 'reader' then
                execute format('grant funil_reader to %I', 'funil_' || kind);
            end if;
        exception
            when duplicate_object or unique_violation then null;
            when insufficient_privilege then
                raise exception 'The warehouse''s login may not create the group role funil_%. Grant it CREATEROLE.', kind;
        end;
    end loop;
end
$$;

create function access.is_of(role_name text) returns boolean
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select exists (select from pg_roles where rolname = role_name and pg_has_role(oid, 'usage'))
$$;
comment on function access.is_of is 'Whether the present role has the privileges of that one.';

create function access.tenants() returns text[]
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(substr(rolname::text, 8)), '{}')
    from pg_roles
    where
        rolname like 'tenant\_%'
        and case
            when access.is_of('funil_agency') then true
            when access.is_of('funil_gateway') then substr(rolname::text, 8) = current_setting('funil.tenant', true)
            else pg_has_role(oid, 'usage')
        end
$$;
comment on function access.tenants is 'Slugs of the tenants of which the present role may read rows.';

create function access.reads_all_agents() returns boolean
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select
        access.is_of('funil_admin')
        or access.is_of('funil_manager')
        or access.is_of('funil_marketing')
        or access.is_of('funil_agency')
        or access.is_of('funil_gateway')
$$;
comment on function access.reads_all_agents is 'Whether the present role may read rows of any agent; a secretary may not.';

create function access.agents() returns text[]
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(substr(rolname::text, 7)), '{}')
    from pg_roles
    where rolname like 'agent\_%' and pg_has_role(oid, 'usage')
$$;
comment on function access.agents is 'The agents that the present role is, each as <slug>_<id>.';

grant usage on schema marts to funil_reader;

-- who granted, revoked, erased, exported and changed what: rows are added and nothing else, whoever asks. Each row carries
-- the digest of the one before, so that a row taken out or changed behind the triggers' back shows.
create table ops.audit_log (
    number bigint primary key,
    happened_at timestamptz not null default clock_timestamp(),
    actor text not null,
    action text not null check (action in ('grant', 'revoke', 'erase', 'export', 'retention', 'settings')),
    tenant_id text,
    subject text not null,
    details jsonb not null default '{}',
    digest text not null
);

create function ops.chain_audit_log() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    before record;
begin
    perform pg_advisory_xact_lock(hashtext('funil.audit_log'));
    select number, digest into before from ops.audit_log order by number desc limit 1;
    new.number := coalesce(before.number, 0) + 1;
    new.happened_at := clock_timestamp();
    new.digest := ops.audit_digest(coalesce(before.digest, ''), new);
    return new;
end
$$;

create function ops.audit_digest(before text, entry ops.audit_log) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select encode(
        sha256(
            convert_to(
                jsonb_build_array(
                    before, entry.number, extract(epoch from entry.happened_at), entry.actor, entry.action,
                    entry.tenant_id, entry.subject, entry.details
                )::text,
                'UTF8'
            )
        ),
        'hex'
    )
$$;

create function ops.keep_audit_log() returns trigger
language plpgsql
as $$
begin
    raise exception 'ops.audit_log only grows: nothing in it is changed or removed.';
end
$$;

create trigger chain before insert on ops.audit_log for each row execute function ops.chain_audit_log();
create trigger keep_rows before update or delete on ops.audit_log for each row execute function ops.keep_audit_log();
create trigger keep_table before truncate on ops.audit_log for each statement execute function ops.keep_audit_log();
-- also for a session that calls itself a replica
alter table ops.audit_log enable always trigger chain;
alter table ops.audit_log enable always trigger keep_rows;
alter table ops.audit_log enable always trigger keep_table;

create view ops.audit_breaks as
select a.number, a.happened_at, a.action, a.subject
from
    (select l.*, lag(number) over w as number_before, lag(digest) over w as digest_before from ops.audit_log as l
     window w as (order by number)) as a
join ops.audit_log as entry on entry.number = a.number
where
    a.number <> coalesce(a.number_before, 0) + 1
    or a.digest <> ops.audit_digest(coalesce(a.digest_before, ''), entry);
comment on view ops.audit_breaks is 'Rows of the audit log that do not follow from the one before: none, unless somebody meddled.';

-- nobody comes in who was not let in
do $$
begin
    execute format('revoke connect, temporary on database %I from public', current_database());
    if exists (select from pg_roles where rolname = 'funil_reader') then
        execute format('grant connect on database %I to funil_reader', current_database());
    end if;
end
$$;
