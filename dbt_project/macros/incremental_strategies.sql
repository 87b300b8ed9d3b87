{#-
    A strategy replaces a scope: what stands in it is compared with what the model found in it, and the rows that differ are
    written, in the transaction of the model. Rows that vanished upstream vanish here, what is outside the scope is not touched,
    and a row that stayed as it was costs no write. What is among the model's rows for a reason of the model's own is
    replaced as well. Which of the rows differed is noted for the models made from them (changes.sql).
-#}
{% macro get_incremental_replace_conversations_sql(arguments) %}
    {{ replace_scope(arguments, ["tenant_id", "conversation_id"]) }}
{% endmacro %}

{% macro get_incremental_replace_tenants_sql(arguments) %}
    {{ replace_scope(arguments, ["tenant_id"]) }}
{% endmacro %}

{% macro get_incremental_replace_keys_sql(arguments) %}
    {{ replace_scope(arguments, ["tenant_id", model.config.meta.key]) }}
{% endmacro %}

{% macro get_incremental_replace_found_tenants_sql(arguments) %}
    {#- for tables that change with the settings alone: every tenant they are of always has rows -#}
    {{ replace_scope(arguments, ["tenant_id"], "false") }}
{% endmacro %}

{% macro in_scope(node) -%}
    {%- set strategy = node.config.incremental_strategy -%}
    {%- if strategy == "replace_conversations" -%} {{ return(conversation_changed()) }}
    {%- elif strategy == "replace_keys" -%} {{ return(key_changed(node=node)) }}
    {%- else -%} {{ return(tenant_changed()) }}
    {%- endif -%}
{%- endmacro %}

{% macro replace_scope(arguments, keys, scope=none) %}
    {%- set target, found = arguments.target_relation, arguments.temp_relation -%}
    {%- set columns = arguments.dest_columns | map(attribute="quoted") | list -%}
    {%- set keys = keys | join(", ") -%}
    {#- the keys first: who looks for rows by either of two conditions looks at all rows -#}
    create temporary table keys_in_scope on commit drop as
    select {{ keys }}
    from {{ target }}
    where {{ scope or in_scope(model) }}
    union
    select {{ keys }}
    from {{ found }}
    ;
    create temporary table gone_rows on commit drop as
    select {{ columns | join(", ") }}
    from {{ target }} as mine
    where ({{ keys }}) in (table keys_in_scope) and not {{ is_in(found, columns) }}
    ;
    create temporary table fresh_rows on commit drop as
    select {{ columns | join(", ") }}
    from {{ found }} as mine
    where not {{ is_in(target, columns) }}
    ;
    {{ note_changes(["gone_rows", "fresh_rows"]) }}
    delete from {{ target }} as stored
    using gone_rows as gone
    where {{ same_row("stored", "gone") }}
    ;
    insert into {{ target }} ({{ columns | join(", ") }})
    select {{ columns | join(", ") }}
    from fresh_rows
    ;
{% endmacro %}

{% macro is_in(relation, columns) -%}
    {%- set grain = grain_of_model() -%} exists (
        select 1
        from {{ relation }} as other
        where
            {{ same_row("other", "mine") }}
            {% for column in columns if column.strip('"') not in grain %}
                and other.{{ column }} is not distinct from mine.{{ column }}
            {% endfor %}
    )
{%- endmacro %}

{% macro same_row(one, other) -%}
    {%- for column in grain_of_model() -%}
        {{ one }}.{{ column }}
        {%- if may_be_null(column) %} is not distinct from
        {% else %} =
        {% endif -%}
        {{ other }}.{{ column }}
        {%- if not loop.last %} and {% endif -%}
    {%- endfor -%}
{%- endmacro %}

{% macro grain_of_model() -%}
    {#-
        The one thing that says it: the key that the table enforces or, where text of any length is part of it, a test.
        Looked up once per model: the graph is what an invocation's nodes share.
    -#}
    {%- set known = graph.setdefault("grains", {}) -%}
    {%- if model.unique_id in known -%}
        {{ return(known[model.unique_id]) }}
    {%- endif -%}
    {%- set grains = [] -%}
    {%- for constraint in model.constraints if constraint.type in ["primary_key", "unique"] -%}
        {%- do grains.append(constraint.columns) -%}
    {%- endfor -%}
    {%- for index in model.config.indexes or [] if index.unique -%}
        {%- do grains.append(index.columns) -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values() if node.resource_type == "test" and node.attached_node == model.unique_id and node.test_metadata.name == "grain" -%}
        {%- do grains.append(node.test_metadata.kwargs["columns"]) -%}
    {%- endfor -%}
    {%- if grains | length != 1 -%}
        {{
            exceptions.raise_compiler_error(
                model.name
                ~ " needs one primary key, unique index or grain test, which names its key"
            )
        }}
    {%- endif -%}
    {%- do known.update({model.unique_id: grains[0]}) -%}
    {{ return(grains[0]) }}
{%- endmacro %}

{% macro may_be_null(column) -%}
    {#- of a table without a contract, the key has no nulls -#}
    {%- if not model.config.contract.enforced -%} {{ return(false) }} {%- endif -%}
    {%- set constraints = (
        model.columns[column].constraints | map(attribute="type") | list
    ) -%}
    {%- for constraint in model.constraints if constraint.type == "primary_key" and column in constraint.columns -%}
        {%- do constraints.append("not_null") -%}
    {%- endfor -%}
    {{ return("not_null" not in constraints) }}
{%- endmacro %}
