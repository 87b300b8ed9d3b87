{{
    config(
        incremental_strategy="replace_tenants",
        indexes=[{"columns": ["tenant_id", "source"], "unique": true}],
    )
}}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    chatwoot_conversations as (
        select * from {{ ref("stg_chatwoot__conversations") }} where {{ changed }}
    ),

    leads as (select * from {{ ref("stg_bot__leads") }} where {{ changed }}),

    bot_conversations as (
        select * from {{ ref("stg_bot__conversations") }} where {{ changed }}
    ),

    final as (
        select tenant_id, 'chatwoot' as source, max(last_activity_at) as last_event_at
        from chatwoot_conversations
        group by tenant_id
        union all
        select tenant_id, 'bot', max(updated_at)
        from
            (
                select tenant_id, updated_at
                from leads
                union all
                select tenant_id, updated_at
                from bot_conversations
            ) as changes
        group by tenant_id
    )

select *
from final
