select
    tenant_id,
    id as contact_id,
    name as contact_name,
    email,
    phone_e164,
    identifier,
    blocked as is_blocked,
    created_at,
    last_activity_at
from {{ source("raw_chatwoot", "contacts") }}
where _deleted_at is null
