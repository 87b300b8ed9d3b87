select
    tenant_id,
    id as message_id,
    conversation_id as bot_conversation_id,
    direction,
    sender,
    content,
    created_at
from {{ source("raw_bot", "conversation_messages") }}
where _deleted_at is null
