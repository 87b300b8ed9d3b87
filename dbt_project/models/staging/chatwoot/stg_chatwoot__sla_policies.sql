select
    tenant_id,
    id as sla_policy_id,
    name as sla_policy_name,
    description,
    first_response_seconds,
    next_response_seconds,
    resolution_seconds,
    only_during_business_hours as is_business_hours_only
from {{ source("raw_chatwoot", "sla_policies") }}
where _deleted_at is null
