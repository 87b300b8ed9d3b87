select
    tenant_id,
    id as chatwoot_conversation_id,
    inbox_id,
    contact_id,
    assignee_id as agent_id,
    assignee_bot_id,
    team_id,
    status,
    priority,
    labels,
    channel as inbox_channel_type,
    created_at,
    updated_at,
    last_activity_at,
    first_reply_created_at,
    waiting_since,
    snoozed_until,
    sla_policy_id,
    db_id as database_id
from {{ source("raw_chatwoot", "conversations") }}
where _deleted_at is null
