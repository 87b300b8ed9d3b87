select tenant_id, inbox_id, agent_id
from {{ source("raw_chatwoot", "inbox_members") }}
where _deleted_at is null
