{#-
    What tables changed, for those that are made from them.

    A strategy (incremental_strategies.sql) writes only the rows that differ, and notes of these, old and new, the values of
    the columns that another model names in its `changed_by`. The note is in the transaction of the rows, and stays until a
    build is complete for the tenant, that is, until every model that reads it was built after it. Of tenants that are built
    whole nothing is noted: whoever reads them is built whole too, in this build or, if it fails, in the next.
-#}
{% macro build_changes() -%} "intermediate"."build_changes" {%- endmacro %}

{% macro create_build_changes() %}
    create table if not exists {{ build_changes() }} (
        tenant_id text not null,
        source text not null,
        key text not null,
        primary key (tenant_id, source, key)
    );
{% endmacro %}

{% macro changed_keys(sources, type="text", grain=none) -%}
    {%- set key = "key::" ~ type -%}
    {%- if grain -%}
        {%- set key = "date_trunc('" ~ grain ~ "', key::date)::date" -%}
    {%- endif -%}
    select tenant_id, {{ key }}
    from {{ build_changes() }}
    where source in ('{{ sources | join("', '") }}') and {{ tenant_requested() }}
{%- endmacro %}

{% macro key_changed(column=none, node=none) -%}
    {%- set settings = (node or model).config.meta -%}
    {%- set type = (node or model).columns.get(settings.key, {}).get(
        "data_type"
    ) or "text" -%}
    {{
        changed_or_whole(
            column or settings.key,
            changed_keys(settings.changed_by, type, settings.get("grain")),
        )
    }}
{%- endmacro %}

{% macro changed_or_whole(column, keys) -%}
    {%- set whole = whole_tenants() -%}
    {%- set some = "(tenant_id, " ~ column ~ ") in (" ~ keys ~ ")" -%}
    {%- if whole -%} (tenant_id in ('{{ whole | join("', '") }}') or {{ some }})
    {%- else -%} {{ some }}
    {%- endif -%}
{%- endmacro %}

{% macro noted_columns() -%}
    {%- set columns = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "model" -%}
        {%- for source in node.config.meta.get("changed_by", []) -%}
            {%- set name, _, column = source.partition(".") -%}
            {%- if name == model.name and column not in columns -%}
                {%- do columns.append(column) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns | sort) }}
{%- endmacro %}

{% macro note_changes(tables) %}
    {%- set whole = whole_tenants() -%}
    {%- for column in noted_columns() %}
        insert into {{ build_changes() }} (tenant_id, source, key)
        {% for table in tables %}
            select tenant_id, '{{ model.name }}.{{ column }}', {{ column }}::text
            from {{ table }}
            where
            {{ column }} is not null
            {% if whole %}
                    and tenant_id not in ('{{ whole | join("', '") }}')
            {% endif %}
            {% if not loop.last %}
                union
            {% endif %}
        {% endfor %}
        on conflict do nothing
        ;
    {% endfor -%}
{% endmacro %}
