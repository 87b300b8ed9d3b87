{#- Which tenants and conversations this invocation builds. See builds.sql for how it is decided. -#}
{% macro is_incremental() -%}
    {%- if not execute or flags.WHICH not in ["run", "build"] -%}
        {#- `dbt show` and `dbt compile` show the whole -#}
        {{ return(false) }}
    {%- endif -%}
    {{ return(dbt.is_incremental()) }}
{%- endmacro %}

{% macro builds_tables() -%}
    {%- set found = namespace(table=false) -%}
    {%- if execute and flags.WHICH in ["run", "build"] -%}
        {%- for id in selected_resources if id.startswith("model.") -%}
            {%- if graph.nodes[id].config.materialized == "incremental" -%}
                {%- set found.table = true -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found.table) }}
{%- endmacro %}

{% macro requested_tenants() -%}
    {#- a full refresh makes tables anew, so it is always one of all tenants -#}
    {%- set slugs = [] -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {%- for slug in env_var("FUNIL_DBT_TENANTS", "").split(",") if slug.strip() -%}
            {%- do slugs.append(slug.strip() | replace("'", "")) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(slugs) }}
{%- endmacro %}

{% macro changed_builds() -%}
    {#-
        [tenant, from_sync_id, is_whole] of each tenant of this invocation in which something changed since its last complete
        build. Asked once per invocation: the graph is what all its nodes share.
    -#}
    {%- if not execute -%} {{ return([]) }} {%- endif -%}
    {%- set known = graph.setdefault("changed_builds", {}) -%}
    {%- if invocation_id in known -%} {{ return(known[invocation_id]) }} {%- endif -%}
    {%- set builds = [] -%}
    {%- set slugs = requested_tenants() -%}
    {%- set rows -%}
        select b.tenant_id, b.from_sync_id, {{ settings_changed("b") }} as is_whole
        from {{ source("config", "tenants") }} as t
        join {{ source("ops", "builds") }} as b on b.tenant_id = t.tenant_id and b.invocation_id = '{{ invocation_id }}'
        where
            b.to_sync_id > b.from_sync_id
            {% if slugs %} and t.tenant_id in ('{{ slugs | join("', '") }}') {% endif %}
        order by b.tenant_id
    {%- endset -%}
    {%- for row in run_query(rows) -%}
        {%- do builds.append([row[0], row[1] | int, row[2]]) -%}
    {%- endfor -%}
    {#- the hooks that write the builds come first -#}
    {%- if model.resource_type != "operation" -%}
        {%- do known.update({invocation_id: builds}) -%}
    {%- endif -%}
    {{ return(builds) }}
{%- endmacro %}

{% macro tenant_changed(column="tenant_id") -%}
    {%- set builds = changed_builds() -%}
    {%- if builds -%} {{ column }} in ('{{ builds | map("first") | join("', '") }}')
    {%- else -%} false
    {%- endif -%}
{%- endmacro %}

{% macro whole_tenants() -%}
    {{ return(changed_builds() | selectattr(2) | map("first") | list) }}
{%- endmacro %}

{% macro tenant_is_whole(column="tenant_id") -%}
    {%- set whole = whole_tenants() -%}
    {%- if whole -%} {{ column }} in ('{{ whole | join("', '") }}')
    {%- else -%} false
    {%- endif -%}
{%- endmacro %}

{% macro conversations_changed(id="conversation_id") -%}
    {%- set builds = changed_builds() -%}
    {%- if builds -%}
        select tenant_id, {{ id }}
        from {{ build_scope() }}
        where
            {{ id }} is not null
            and (tenant_id, from_sync_id) in (
                {%- for tenant_id, from_sync_id, _ in builds -%}
                    ('{{ tenant_id }}', {{ from_sync_id }}){{ ", " if not loop.last }}
                {%- endfor -%}
            )
    {%- else -%}
        select
            null::text,
            null::{{ "bigint" if id == "chatwoot_conversation_id" else "text" }}
        where false
    {%- endif -%}
{%- endmacro %}

{% macro conversation_changed(id="conversation_id") -%}
    (tenant_id, {{ id }}) in ({{ conversations_changed(id) }})
{%- endmacro %}

{% macro scope_of_test() -%}
    {#-
        A test that judges rows one by one, or those of one grain, looks at what the strategy may have written: a build that finds
        an error is not complete, so that is tested until the error is gone. A test that adds rows up has to see all of them.
        `dbt test` looks at everything, and so does each reconciliation.
    -#}
    {%- if not builds_tables() -%} {{ return("") }} {%- endif -%}
    {%- set tested = graph.nodes.get(model.attached_node) -%}
    {%- set judges_rows = model.test_metadata.name in [
        "belongs_to",
        "credits_add_up",
        "expression_is_true",
        "grain",
    ] -%}
    {%- if tested is none or not judges_rows -%}
        {{ return(tenant_changed()) }}
    {%- endif -%}
    {{ return(in_scope(tested)) }}
{%- endmacro %}

{% macro get_where_subquery(relation) -%}
    {%- set where = config.get("where", "") -%}
    {%- if where == "__in_scope__" -%} {%- set where = scope_of_test() -%} {%- endif -%}
    {%- if where -%}
        {{
            return(
                "(select * from " ~ relation ~ " where " ~ where ~ ") as in_scope"
            )
        }}
    {%- else -%} {{ return(relation) }}
    {%- endif -%}
{%- endmacro %}

{% macro tenant_requested(column="tenant_id") -%}
    {%- set slugs = requested_tenants() -%}
    {%- if slugs -%} {{ column }} in ('{{ slugs | join("', '") }}')
    {%- else -%} true
    {%- endif -%}
{%- endmacro %}
