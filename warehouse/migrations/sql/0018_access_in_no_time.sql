-- Policies ask these once per query: they answer from the server's caches and plans that the session keeps, however many
-- tenants there are. What they answer is as before (0006).

create or replace function access.is_of(role_name text) returns boolean
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(pg_has_role(to_regrole(quote_ident(role_name))::oid, 'usage'), false);
end
$$;

-- the groups so named whose privileges the present role has, without that part of the name
create function access.memberships(beginning text) returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with recursive groups as (
            select oid from pg_roles where rolname = current_user
            union
            select m.roleid from pg_auth_members as m join groups as g on m.member = g.oid
        )
        select coalesce(array_agg(substr(r.rolname::text, length(beginning) + 1)), '{}')
        from groups as g
        join pg_roles as r on r.oid = g.oid
        where starts_with(r.rolname::text, beginning) and pg_has_role(r.oid, 'usage')
    );
end
$$;
comment on function access.memberships is 'What the present role is a member of, of the group roles whose names begin so.';

create or replace function access.tenants() returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    named text;
begin
    if access.is_of('funil_agency') then
        return (
            select coalesce(array_agg(substr(rolname::text, 8)), '{}') from pg_roles where starts_with(rolname::text, 'tenant_')
        );
    elsif access.is_of('funil_gateway') then
        named := current_setting('funil.tenant', true);
        return case when to_regrole(quote_ident('tenant_' || named)) is null then '{}' else array[named] end;
    end if;
    return access.memberships('tenant_');
end
$$;

create or replace function access.reads_all_agents() returns boolean
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return access.is_of('funil_manager')
        or access.is_of('funil_admin')
        or access.is_of('funil_marketing')
        or access.is_of('funil_agency')
        or access.is_of('funil_gateway');
end
$$;

create or replace function access.agents() returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return access.memberships('agent_');
end
$$;

-- Readers read, and nothing else: no large objects of theirs, no locks that the pipeline waits for, no notices to it. These
-- functions belong to the server's superuser, whom a warehouse of one's own has and a hosted one may not.
do $$
declare
    called regprocedure;
begin
    for called in
        select oid from pg_proc
        where
            pronamespace = 'pg_catalog'::regnamespace
            and (proname like 'pg\_%advisory%' or proname in (
                'lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lo_open', 'lowrite', 'lo_truncate', 'lo_truncate64',
                'lo_unlink', 'pg_notify'
            ))
    loop
        execute format('revoke execute on function %s from public', called);
    end loop;
exception
    when insufficient_privilege then null;
end
$$;
