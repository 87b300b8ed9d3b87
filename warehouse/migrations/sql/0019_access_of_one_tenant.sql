-- Most logins are of one tenant, and a policy that asks for one value is planned as well as the owner's own filter. Those of
-- several are members of a group of their own besides, to which another policy applies (dbt_project/macros/readers.sql).

do $$
begin
    if not exists (select from pg_roles where rolname = 'funil_many') then
        create role funil_many nologin;
    end if;
    grant funil_many to funil_agency;
exception
    when duplicate_object or unique_violation then grant funil_many to funil_agency;
    when insufficient_privilege then
        raise exception 'The warehouse''s login may not create the group role funil_many. Grant it CREATEROLE.';
end
$$;

create function access.tenant() returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    mine text[] := access.tenants();
begin
    return case when cardinality(mine) = 1 then mine[1] end;
end
$$;
comment on function access.tenant is 'Slug of the one tenant of which the present role may read rows; null where it is none or several.';

-- one look at the login's own memberships; groups of somebody's own making are followed to what they are members of
create or replace function access.memberships(beginning text) returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    level oid[];
    next_level oid[] := array[to_regrole(quote_ident(current_user))::oid];
    found text[] := '{}';
    role oid;
    name text;
begin
    while next_level <> '{}' loop
        level := next_level;
        next_level := '{}';
        for role in select roleid from pg_auth_members where member = any(level) loop
            name := role::regrole::text;
            if starts_with(name, beginning) then
                if pg_has_role(role, 'usage') and substr(name, length(beginning) + 1) <> all(found) then
                    found := found || substr(name, length(beginning) + 1);
                end if;
            elsif not (starts_with(name, 'funil_') or starts_with(name, 'tenant_') or starts_with(name, 'agent_')) then
                next_level := next_level || role;
            end if;
        end loop;
    end loop;
    return found;
end
$$;

-- logins of several tenants that there are already
do $$
declare
    login text;
begin
    for login in
        select l.rolname
        from pg_roles as l
        join pg_auth_members as m on m.member = l.oid
        join pg_roles as g on g.oid = m.roleid and starts_with(g.rolname::text, 'tenant_')
        where l.rolcanlogin
        group by l.rolname
        having count(distinct g.oid) > 1
    loop
        execute format('grant funil_many to %I', login);
    end loop;
end
$$;
