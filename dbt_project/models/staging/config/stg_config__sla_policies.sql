select
    tenant_id,
    metric,
    nullif(inbox_id, 0) as inbox_id,
    nullif(priority, '') as priority,
    threshold_seconds,
    business_hours_only as is_business_hours_only,
    valid_from,
    valid_to
from {{ source("config", "sla_policies") }}
