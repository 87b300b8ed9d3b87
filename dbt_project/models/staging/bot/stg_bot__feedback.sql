select
    tenant_id,
    id as feedback_id,
    conversation_id as bot_conversation_id,
    score,
    nps_score,
    comment,
    created_at
from {{ source("raw_bot", "feedback") }}
where _deleted_at is null
