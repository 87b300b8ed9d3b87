select
    c.tenant_id,
    'chatwoot-' || c.chatwoot_conversation_id as conversation_id,
    'chatwoot' as source,
    c.chatwoot_conversation_id,
    null::text as bot_conversation_id,
    c.contact_id,
    null::text as lead_id,
    c.inbox_id,
    {{ inbox_channel("c.inbox_channel_type") }} as inbox_channel,
    coalesce(h.inbox_id, 0) as hours_inbox_id,
    c.agent_id,
    c.assignee_bot_id is not null as is_assigned_to_bot,
    c.team_id,
    c.status,
    c.status = 'resolved' as is_closed,
    c.priority,
    c.labels,
    {{ whole_seconds("c.created_at") }} as created_at,
    {{ whole_seconds("c.first_reply_created_at") }} as first_reply_created_at
from {{ ref("stg_chatwoot__conversations") }} as c
left join
    (select distinct tenant_id, inbox_id from {{ ref("int_inbox_hours") }}) as h
    on h.tenant_id = c.tenant_id
    and h.inbox_id = c.inbox_id
union all
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
    0::bigint as hours_inbox_id,
    null::bigint as agent_id,
    true as is_assigned_to_bot,
    null::bigint as team_id,
    status,
    status = 'closed' as is_closed,
    null::text as priority,
    '{}'::text[] as labels,
    {{ whole_seconds("started_at") }} as created_at,
    null::timestamptz as first_reply_created_at
from {{ ref("int_bot_conversations") }}
where chatwoot_conversation_id is null
