select
    tenant_id,
    id as reporting_event_id,
    name as event_name,
    value as value_seconds,
    value_in_business_hours as business_seconds,
    event_start_time as started_at,
    event_end_time as ended_at,
    inbox_id,
    user_id as agent_id,
    conversation_db_id as database_id,
    conversation_id as chatwoot_conversation_id,
    created_at
from {{ source("raw_chatwoot", "reporting_events") }}
where _deleted_at is null
