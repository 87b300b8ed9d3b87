{{
    config(
        incremental_strategy="replace_conversations",
        indexes=[
            {"columns": ["tenant_id", "message_id"], "unique": true},
            {"columns": ["tenant_id", "conversation_id"]},
        ],
    )
}}
{% set changed = (
    conversation_changed("chatwoot_conversation_id")
    if is_incremental()
    else "true"
) %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    conversations as (select * from {{ ref("stg_chatwoot__conversations") }}),

    messages as (
        select *
        from {{ ref("stg_chatwoot__messages") }}
        where content_type = 'input_csat' and {{ changed }}
    ),

    responses as (select * from {{ ref("stg_chatwoot__csat_survey_responses") }}),

    final as (
        select
            m.tenant_id,
            'chatwoot-' || m.chatwoot_conversation_id as conversation_id,
            m.message_id,
            m.created_at as asked_at,
            {{ local_date("m.created_at", "t.timezone") }} as asked_date,
            r.response_id,
            r.agent_id
        from messages as m
        join tenants as t on t.tenant_id = m.tenant_id
        join
            conversations as c
            on c.tenant_id = m.tenant_id
            and c.chatwoot_conversation_id = m.chatwoot_conversation_id
        left join
            responses as r
            on r.tenant_id = m.tenant_id
            and r.chatwoot_conversation_id = m.chatwoot_conversation_id
            and r.message_id = m.message_id
    )

select *
from final
