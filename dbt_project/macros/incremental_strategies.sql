{#-
    Both strategies replace a scope: what stands in it is deleted, what the model found in it is inserted, in the transaction
    of the model. Rows that vanished upstream vanish here, and what is outside the scope is not touched.
-#}
{% macro get_incremental_replace_conversations_sql(arguments) %}
    {#- a conversation may be among the model's rows for a reason of the model's own: those are replaced as well -#}
    delete from {{ arguments.target_relation }}
    where (tenant_id, conversation_id) in ({{ conversations_changed() }});

    delete from {{ arguments.target_relation }}
    where (tenant_id, conversation_id) in (select tenant_id, conversation_id from {{ arguments.temp_relation }});

    {{ insert_all(arguments) }}
{% endmacro %}

{% macro get_incremental_replace_tenants_sql(arguments) %}
    delete from {{ arguments.target_relation }}
    where {{ tenant_changed() }};

    delete from {{ arguments.target_relation }}
    where tenant_id in (select tenant_id from {{ arguments.temp_relation }});

    {{ insert_all(arguments) }}
{% endmacro %}

{% macro insert_all(arguments) %}
    {%- set columns = arguments.dest_columns | map(attribute="quoted") | join(", ") -%}
    insert into {{ arguments.target_relation }} ({{ columns }})
    select {{ columns }}
    from {{ arguments.temp_relation }}
{% endmacro %}
