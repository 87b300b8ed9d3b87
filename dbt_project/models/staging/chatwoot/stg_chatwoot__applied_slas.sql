select
    tenant_id,
    id as applied_sla_id,
    conversation_id as chatwoot_conversation_id,
    sla_policy_id,
    sla_status,
    created_at,
    updated_at
from {{ source("raw_chatwoot", "applied_slas") }}
where _deleted_at is null
