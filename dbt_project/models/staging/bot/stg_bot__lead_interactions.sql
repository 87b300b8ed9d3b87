select
    tenant_id,
    id as interaction_id,
    lead_id,
    type as interaction_type,
    outcome,
    duration_seconds,
    agent_id as bot_agent_id,
    created_at
from {{ source("raw_bot", "lead_interactions") }}
where _deleted_at is null
