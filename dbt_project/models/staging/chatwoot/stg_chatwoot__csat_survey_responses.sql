select
    tenant_id,
    id as response_id,
    conversation_id as chatwoot_conversation_id,
    message_id,
    contact_id,
    assigned_agent_id as agent_id,
    rating,
    feedback_message,
    created_at
from {{ source("raw_chatwoot", "csat_survey_responses") }}
where _deleted_at is null
