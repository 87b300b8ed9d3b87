select
    tenant_id,
    id as campaign_id,
    name as campaign_name,
    channel,
    started_on,
    ended_on,
    updated_at
from {{ source("raw_bot", "marketing_campaigns") }}
where _deleted_at is null
