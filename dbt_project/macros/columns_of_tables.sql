{#-
    What a tick may take as it was: a table's columns, and that its query keeps the contract, can only have changed with the
    code. Columns are asked for once, of all tables together.
-#}
{% macro is_code_as_built() -%}
    {#- of a tenant last built by other code everything is built -#}
    {{ return(env_var("FUNIL_DBT_PROJECT_HASH", "") != "" and not whole_tenants()) }}
{%- endmacro %}

{% macro stored_columns() -%}
    {%- set known = graph.setdefault("stored_columns", {}) -%}
    {%- if invocation_id in known -%} {{ return(known[invocation_id]) }} {%- endif -%}
    {%- set columns = {} -%}
    {%- set rows -%}
        select n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, null)
        from pg_attribute as a
        join pg_class as c on c.oid = a.attrelid and c.relkind in ('r', 'p')
        join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname in ('intermediate', 'marts') and a.attnum > 0 and not a.attisdropped
        order by c.oid, a.attnum
    {%- endset -%}
    {%- for table, column, type in run_query(rows) -%}
        {%- do columns.setdefault(table, []).append(api.Column(column, type)) -%}
    {%- endfor -%}
    {%- do known.update({invocation_id: columns}) -%}
    {{ return(columns) }}
{%- endmacro %}
