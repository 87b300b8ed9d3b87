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

    survey_responses as (
        select *
        from {{ ref("stg_chatwoot__csat_survey_responses") }}
        where {{ changed }}
    ),

    leads as (select * from {{ ref("stg_bot__leads") }} where {{ changed }}),

    bot_conversations as (
        select * from {{ ref("stg_bot__conversations") }} where {{ changed }}
    ),

    bookings as (
        select * from {{ ref("stg_bot__procedure_bookings") }} where {{ changed }}
    ),

    feedback as (select * from {{ ref("stg_bot__feedback") }} where {{ changed }}),

    lead_interactions as (
        select * from {{ ref("stg_bot__lead_interactions") }} where {{ changed }}
    ),

    -- messages are too many to look through: what is said moves its conversation
    happenings as (
        select tenant_id, 'chatwoot' as source, last_activity_at as happened_at
        from chatwoot_conversations
        union all
        select tenant_id, 'chatwoot', created_at
        from survey_responses
        union all
        select tenant_id, 'bot', updated_at
        from leads
        union all
        select tenant_id, 'bot', updated_at
        from bot_conversations
        union all
        select tenant_id, 'bot', updated_at
        from bookings
        union all
        select tenant_id, 'bot', created_at
        from feedback
        union all
        select tenant_id, 'bot', created_at
        from lead_interactions
    ),

    final as (
        select tenant_id, source, max(happened_at) as last_event_at
        from happenings
        group by tenant_id, source
    )

select *
from final
