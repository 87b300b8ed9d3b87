{#-
    A strategy replaces a scope: what stands in it is compared with what the model found in it, and the rows that differ are
    written, in the transaction of the model. Rows that vanished upstream vanish here, what is outside the scope is not touched,
    and a row that stayed as it was costs no write. What is among the model's rows for a reason of the model's own is
    replaced as well. Which of the rows differed is noted for the models made from them (changes.sql).
-#}
{% macro get_incremental_replace_conversations_sql(arguments) %}
    {%- set keys = "(tenant_id, conversation_id)" -%}
    {{ replace_scope(arguments, keys, keys ~ " in (" ~ conversations_changed() ~ ")") }}
{% endmacro %}

{% macro get_incremental_replace_tenants_sql(arguments) %}
    {{ replace_scope(arguments, "tenant_id", tenant_changed()) }}
{% endmacro %}

{% macro get_incremental_replace_keys_sql(arguments) %}
    {{
        replace_scope(
            arguments,
            "(tenant_id, " ~ model.config.meta.key ~ ")",
            key_changed(),
        )
    }}
{% endmacro %}

{% macro get_incremental_replace_found_tenants_sql(arguments) %}
    {#- for tables that change with the settings alone: every tenant they are of always has rows -#}
    {{ replace_scope(arguments, "tenant_id", "false") }}
{% endmacro %}

{% macro replace_scope(arguments, keys, condition) %}
    {%- set columns = arguments.dest_columns | map(attribute="quoted") | join(", ") -%}
    {%- set stored -%}
        select {{ columns }} from {{ arguments.target_relation }} where {{ condition }}
        union
        select {{ columns }}
        from {{ arguments.target_relation }}
        where {{ keys }} in (select {{ keys | replace("(", "") | replace(")", "") }} from {{ arguments.temp_relation }})
    {%- endset -%}
    create temporary table stored_rows on commit drop as
    {{ stored }}
    ;
    create temporary table gone_rows on commit drop as
    select {{ columns }}
    from stored_rows
    except all
    select {{ columns }}
    from {{ arguments.temp_relation }}
    ;
    create temporary table fresh_rows on commit drop as
    select {{ columns }}
    from {{ arguments.temp_relation }}
    except all
    select {{ columns }}
    from stored_rows
    ;
    {{ note_changes(["gone_rows", "fresh_rows"]) }}
    delete from {{ arguments.target_relation }} as stored
    using gone_rows as gone
    where
        {% for column in grain_of_model() -%}
            stored.{{ column }}
            {%- if may_be_null(column) %} is not distinct from
            {% else %} =
            {% endif -%}
            gone.{{ column }}
            {% if not loop.last %} and {% endif %}
        {%- endfor %}
    ;
    insert into {{ arguments.target_relation }} ({{ columns }})
    select {{ columns }}
    from fresh_rows
    ;
{% endmacro %}

{% macro grain_of_model() -%}
    {#- what its grain test says: one place for it -#}
    {%- set grains = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "test" and node.attached_node == model.unique_id and node.test_metadata.name == "grain" -%}
        {%- do grains.append(node.test_metadata.kwargs["columns"]) -%}
    {%- endfor -%}
    {%- if grains | length != 1 -%}
        {{
            exceptions.raise_compiler_error(
                model.name ~ " needs one grain test, which names its key"
            )
        }}
    {%- endif -%}
    {{ return(grains[0]) }}
{%- endmacro %}

{% macro may_be_null(column) -%}
    {#- of a table without a contract, the key has no nulls -#}
    {%- if not model.config.contract.enforced -%} {{ return(false) }} {%- endif -%}
    {%- set constraints = (
        model.columns[column].constraints
        | map(attribute="type")
        | map("string")
        | list
    ) -%}
    {%- for constraint in model.constraints if column in constraint.columns and constraint.type | string == "primary_key" -%}
        {%- do constraints.append("not_null") -%}
    {%- endfor -%}
    {{ return("not_null" not in constraints) }}
{%- endmacro %}
