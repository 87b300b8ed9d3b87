select
    tenant_id,
    id as lead_id,
    phone_e164,
    name as lead_name,
    email,
    nullif(btrim(source_channel), '') as source_channel,
    campaign_id,
    maturity_score,
    status,
    assigned_to,
    created_at,
    updated_at,
    converted_at
from {{ source("raw_bot", "leads") }}
where _deleted_at is null
