select
    tenant_id,
    id as sla_event_id,
    applied_sla_id,
    conversation_id as chatwoot_conversation_id,
    event_type,
    message_id,
    created_at,
    updated_at
from {{ source("raw_chatwoot", "sla_events") }}
where _deleted_at is null
