select
    tenant_id,
    id as interaction_id,
    conversation_id as bot_conversation_id,
    nullif(btrim(intent), '') as intent,
    confidence,
    nullif(btrim(validated_intent), '') as validated_intent,
    model,
    prompt_tokens,
    completion_tokens,
    latency_ms,
    created_at
from {{ source("raw_bot", "llm_interactions") }}
where _deleted_at is null
