{#-
    dbt asks for a table's columns, and whether a query keeps its contract, at every build of every model: five queries, each of
    which costs as much as the build of a small table. Neither can have changed while the code is that of the tenants' last
    builds. Then columns are asked for once, of all tables together, and dbt's own way is left to the builds after a change.
-#}
{% macro postgres__process_schema_changes(
    on_schema_change, source_relation, target_relation
) %}
    {%- if is_code_as_built() -%}
        {%- set columns = stored_columns().get(
            target_relation.schema ~ "." ~ target_relation.identifier
        ) -%}
        {%- if columns -%} {{ return(columns) }} {%- endif -%}
    {%- endif -%}
    {{
        return(
            dbt.default__process_schema_changes(
                on_schema_change, source_relation, target_relation
            )
        )
    }}
{% endmacro %}

{% macro postgres__get_assert_columns_equivalent(sql) -%}
    {%- if not (is_incremental() and is_code_as_built()) -%}
        {{ return(dbt.default__get_assert_columns_equivalent(sql)) }}
    {%- endif -%}
{%- endmacro %}

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
