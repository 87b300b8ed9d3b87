select
    tenant_id,
    id as team_id,
    name as team_name,
    description,
    _deleted_at is not null as is_removed
from {{ source("raw_chatwoot", "teams") }}
