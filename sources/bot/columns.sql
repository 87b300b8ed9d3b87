-- The columns of the bot's tables and views that this login may read.
select
    c.relname as table_name,
    a.attname as column_name,
    -- a domain is what it is made of
    format_type(case t.typtype when 'd' then t.typbasetype else a.atttypid end, null) as type_name,
    has_column_privilege(c.oid, a.attnum, 'select') as readable
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type as t on t.oid = a.atttypid
where n.nspname = %(schema)s
    and c.relname = any(%(tables)s)
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
order by c.relname, a.attnum
