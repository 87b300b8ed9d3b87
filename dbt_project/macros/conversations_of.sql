{#-
    The rows of int_conversations or int_bot_conversations that a query of (tenant_id, conversation_id) names, each side by its own
    key: to find them by conversation_id, the ids of all would have to be put together first. One after the other, so that each
    is looked up in the tables beneath the views (`offset 0` keeps the planner from joining the views instead); in a build of
    everything there are too many for that.
-#}
{% macro conversations_of(conversations, names) -%}
    {%- for source, column, start, type in [
        ("chatwoot", "chatwoot_conversation_id", 10, "bigint"),
        ("bot", "bot_conversation_id", 5, "text"),
    ] %}
        {%- set guard = "chatwoot_conversation_id is " ~ (
            "not null" if source == "chatwoot" else "null"
        ) %}
        {%- set named -%}
            select tenant_id, substr(conversation_id, {{ start }})::{{ type }} as id
            from ({{ names }}) as named(tenant_id, conversation_id)
            -- a pattern alone would have the planner expect next to none
            where case when conversation_id like '{{ source }}-%' then true else false end
        {%- endset %}
        {% if whole_tenants() %}
            select *
            from {{ conversations }}
            where {{ guard }} and (tenant_id, {{ column }}) in ({{ named }})
        {% else %}
            select found.*
            from ({{ named }}) as wanted
            cross join
                lateral(
                    select *
                    from {{ conversations }} as c
                    where
                        c.tenant_id = wanted.tenant_id
                        and c.{{ column }} = wanted.id
                        and c.{{ guard }}
                    offset 0
                ) as found
        {% endif %}
        {%- if not loop.last %}
            union all
        {%- endif -%}
    {%- endfor %}
{%- endmacro %}
