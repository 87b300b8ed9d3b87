{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "conversation_id",
            "changed_by": [
                "fct_conversations.conversation_id",
                "talks.conversation_id",
            ],
        },
        pre_hook="{{ note_talks() }}",
        indexes=[
            {"columns": ["tenant_id", "conversation_id", "wrote_on"], "unique": true},
            {"columns": ["tenant_id", "wrote_on"]},
        ],
    )
}}
{% set changed = key_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    conversations as (select * from {{ ref("fct_conversations") }} where {{ changed }}),

    messages as (
        select *
        from {{ ref("int_conversation_events") }}
        where event_type = 'customer_message' and {{ changed }}
    ),

    final as (
        select
            m.tenant_id,
            m.conversation_id,
            {{ local_date("m.occurred_at", "t.timezone") }} as wrote_on,
            c.person_id,
            count(*) as messages,
            min(m.occurred_at) as first_at,
            max(m.occurred_at) as last_at
        from messages as m
        join tenants as t on t.tenant_id = m.tenant_id
        join
            conversations as c
            on c.tenant_id = m.tenant_id
            and c.conversation_id = m.conversation_id
        group by
            m.tenant_id,
            m.conversation_id,
            {{ local_date("m.occurred_at", "t.timezone") }},
            c.person_id
    )

select *
from final
