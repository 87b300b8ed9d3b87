with
    chatwoot_conversations as (select * from {{ ref("stg_chatwoot__conversations") }}),

    bot_conversations as (select * from {{ ref("int_bot_conversations") }}),

    chatwoot_talks as (
        select
            tenant_id,
            'chatwoot-' || chatwoot_conversation_id as conversation_id,
            'chatwoot' as source,
            chatwoot_conversation_id,
            null::text as bot_conversation_id,
            contact_id,
            null::text as lead_id,
            inbox_id,
            {{ inbox_channel("inbox_channel_type") }} as inbox_channel,
            agent_id,
            assignee_bot_id is not null as is_assigned_to_bot,
            team_id,
            status,
            status = 'resolved' as is_closed,
            priority,
            labels,
            {{ whole_seconds("created_at") }} as created_at,
            {{ whole_seconds("first_reply_created_at") }} as first_reply_created_at
        from chatwoot_conversations
    ),

    bot_talks as (
        select
            tenant_id,
            conversation_id,
            'bot' as source,
            null::bigint as chatwoot_conversation_id,
            bot_conversation_id,
            null::bigint as contact_id,
            lead_id,
            null::bigint as inbox_id,
            null::text as inbox_channel,
            null::bigint as agent_id,
            true as is_assigned_to_bot,
            null::bigint as team_id,
            status,
            status = 'closed' as is_closed,
            null::text as priority,
            '{}'::text[] as labels,
            {{ whole_seconds("started_at") }} as created_at,
            null::timestamptz as first_reply_created_at
        from bot_conversations
        where chatwoot_conversation_id is null
    ),

    final as (
        select *
        from chatwoot_talks
        union all
        select *
        from bot_talks
    )

select *
from final
