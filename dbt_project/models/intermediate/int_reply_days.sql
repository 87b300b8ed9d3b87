{{
    config(
        incremental_strategy="replace_conversations",
        indexes=[
            {
                "columns": ["tenant_id", "conversation_id", "agent_id", "replied_on"],
                "unique": true,
            },
            {"columns": ["tenant_id", "replied_on"]},
        ],
    )
}}
{% set changed = conversation_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    replies as (
        select *
        from {{ ref("int_conversation_events") }}
        where event_type = 'human_reply' and agent_id is not null and {{ changed }}
    ),

    final as (
        select
            r.tenant_id,
            r.conversation_id,
            r.agent_id,
            {{ local_date("r.occurred_at", "t.timezone") }} as replied_on,
            count(*) as replies
        from replies as r
        join tenants as t on t.tenant_id = r.tenant_id
        group by
            r.tenant_id,
            r.conversation_id,
            r.agent_id,
            {{ local_date("r.occurred_at", "t.timezone") }}
    )

select *
from final
