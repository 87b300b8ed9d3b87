select
    tenant_id,
    id as bot_conversation_id,
    lead_id,
    chatwoot_conversation_id,
    status,
    started_at,
    ended_at,
    resolved_by,
    handoff_at,
    nullif(btrim(handoff_reason), '') as handoff_reason,
    nullif(btrim(playbook), '') as playbook,
    updated_at
from {{ source("raw_bot", "conversations") }}
where _deleted_at is null
