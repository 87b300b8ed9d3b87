select
    tenant_id,
    channel,
    currency,
    cost_now,
    cost_advised,
    gain,
    gain_lower_80,
    gain_upper_80,
    certainty,
    verdict
from {{ source("ml", "budget_allocations") }}
