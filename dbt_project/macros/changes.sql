{#-
    What tables changed, for those that are made from them.

    A strategy (incremental_strategies.sql) writes only the rows that differ, and notes of these, old and new, the values of
    the columns that another model names in its `changed_by`, or in `changed_through` where a pre-hook makes of them the keys
    that the model is changed by. `model.column@facet` is noted only where one of the columns that the followed model's
    `meta.facets` lists under that name is another too, or the row is new or gone. The note is in the transaction of the rows, and stays until a
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
    {#-
        Filled and emptied within minutes: what was last counted in it misleads the plans that read it. A function tells them
        one number always, by which they neither try every pair nor read whole tables.
    -#}
    create or replace function "intermediate".noted_keys(sources text[])
    returns table(tenant_id text, key text)
    language plpgsql
    stable
    rows 1000
    as
        $body$
    begin
        return query select c.tenant_id, c.key from {{ build_changes() }} as c where c.source = any(sources);
    end
    $body$
    ;
{% endmacro %}

{% macro changed_keys(sources, type="text", grain=none) -%}
    {%- set key = "key::" ~ type -%}
    {%- if grain -%}
        {%- set key = "date_trunc('" ~ grain ~ "', key::date)::date" -%}
    {%- endif -%}
    select tenant_id, {{ key }}
    from "intermediate".noted_keys(array['{{ sources | join("', '") }}'])
    where {{ tenant_requested() }}
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

{% macro key_near(column) -%}
    {#-
        Condition that a date or an instant is within a month of the days that the model is changed by: cheaper than to look
        each up among them, and never without that.
    -#}
    {%- if not is_incremental() or whole_tenants() -%}
        {{ return("true") }}
    {%- endif -%}
    {%- set days = changed_keys(model.config.meta.changed_by, "date") -%}
    {{ column }} >= (select min(day) - 32 from ({{ days }}) as k(tenant_id, day))
    and {{ column }} < (select max(day) + 32 from ({{ days }}) as k(tenant_id, day))
{%- endmacro %}

{% macro changed_or_whole(column, keys) -%}
    {%- set whole = whole_tenants() -%}
    {%- set some = "(tenant_id, " ~ column ~ ") in (" ~ keys ~ ")" -%}
    {%- if whole -%}(tenant_id in ('{{ whole | join("', '") }}') or {{ some }})
    {%- else -%} {{ some }}
    {%- endif -%}
{%- endmacro %}

{% macro noted_columns() -%}
    {#- looked up once per invocation: the graph is what all its nodes share -#}
    {%- set known = graph.setdefault("noted_columns", {}) -%}
    {%- if invocation_id not in known -%}
        {%- set columns = {} -%}
        {%- for node in graph.nodes.values() if node.resource_type == "model" -%}
            {%- for source in node.config.meta.get(
                "changed_by", []
            ) + node.config.meta.get("changed_through", []) -%}
                {%- set name, _, column = source.partition(".") -%}
                {%- if column not in columns.setdefault(name, []) -%}
                    {%- do columns[name].append(column) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- do known.update({invocation_id: columns}) -%}
    {%- endif -%}
    {{ return(known[invocation_id].get(model.name, []) | sort) }}
{%- endmacro %}

{% macro note_changes(tables) %}
    {%- set whole = whole_tenants() -%}
    {%- for noted in noted_columns() %}
        {%- set column, _, facet = noted.partition("@") %}
        insert into {{ build_changes() }} (tenant_id, source, key)
        {% for table in tables %}
            select tenant_id, '{{ model.name }}.{{ noted }}', {{ column }}::text
            from
            {% if facet -%}
                {%- set other = tables | reject("equalto", table) | first -%}
                {%- set seen = (
                    (
                        grain_of_model()
                        + [column]
                        + model.config.meta.facets[facet]
                    )
                    | unique
                    | join(", ")
                ) -%}
                    (select {{ seen }} from {{ table }} except select {{ seen }} from {{ other }}) as moved
            {%- else -%} {{ table }}
            {%- endif %}
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
