select tenant_id, team_id, agent_id
from {{ source("raw_chatwoot", "team_members") }}
where _deleted_at is null
