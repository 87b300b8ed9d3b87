{#-
    Both strategies replace a scope: what stands in it is deleted, what the model found in it is inserted, in the transaction
    of the model. Rows that vanished upstream vanish here, and what is outside the scope is not touched. What is among the
    model's rows for a reason of the model's own is replaced as well.
-#}
{% macro get_incremental_replace_conversations_sql(arguments) %}
    {%- set keys = "tenant_id, conversation_id" -%}
    {{ delete_scope(arguments, "(" ~ keys ~ ") in (" ~ conversations_changed() ~ ")") }}
    {{
        delete_scope(
            arguments,
            "("
            ~ keys
            ~ ") in (select "
            ~ keys
            ~ " from "
            ~ arguments.temp_relation
            ~ ")",
        )
    }}
    {{ insert_scope(arguments) }}
{% endmacro %}

{% macro get_incremental_replace_tenants_sql(arguments) %}
    {{ delete_scope(arguments, tenant_changed()) }}
    {{
        delete_scope(
            arguments,
            "tenant_id in (select tenant_id from " ~ arguments.temp_relation ~ ")",
        )
    }}
    {{ insert_scope(arguments) }}
{% endmacro %}

{% macro delete_scope(arguments, condition) %}
    delete from {{ arguments.target_relation }}
    where {{ condition }}
    ;
{% endmacro %}

{% macro insert_scope(arguments) %}
    {%- set columns = arguments.dest_columns | map(attribute="quoted") | join(", ") -%}
    insert into {{ arguments.target_relation }} ({{ columns }})
    select {{ columns }}
    from {{ arguments.temp_relation }}
    ;
{% endmacro %}
