select
    tenant_id,
    id as agent_id,
    coalesce(available_name, name) as agent_name,
    role as agent_role,
    confirmed as is_confirmed,
    _deleted_at is not null as is_removed
from {{ source("raw_chatwoot", "agents") }}
