{#-
    Both strategies replace a scope: what stands in it is deleted, what the model found in it is inserted, in the transaction
    of the model. Rows that vanished upstream vanish here, and what is outside the scope is not touched.
-#}
{% macro get_incremental_replace_conversations_sql(arguments) %}
    {#- a conversation may be in the model's rows for a reason of the model's own, so those are replaced as well -#}
    delete from {{ arguments.target_relation }} as stored
    using ({{ conversations_changed() }}) as scope (tenant_id, conversation_id)
    where stored.tenant_id = scope.tenant_id and stored.conversation_id = scope.conversation_id;
    delete from {{ arguments.target_relation }} as stored
    using (select distinct tenant_id, conversation_id from {{ arguments.temp_relation }}) as scope
    where stored.tenant_id = scope.tenant_id and stored.conversation_id = scope.conversation_id;
    {{ insert_all(arguments) }}
{% endmacro %}

{% macro get_incremental_replace_tenants_sql(arguments) %}
    delete from {{ arguments.target_relation }} where {{ tenant_changed() }};
    delete from {{ arguments.target_relation }} as stored
    using (select distinct tenant_id from {{ arguments.temp_relation }}) as scope
    where stored.tenant_id = scope.tenant_id;
    {{ insert_all(arguments) }}
{% endmacro %}

{% macro insert_all(arguments) %}
    {%- set columns = arguments.dest_columns | map(attribute="quoted") | join(", ") -%}
    insert into {{ arguments.target_relation }} ({{ columns }})
    select {{ columns }}
    from {{ arguments.temp_relation }}
{% endmacro %}
