select
    tenant_id,
    starts_at,
    skill,
    expected,
    needed,
    on_duty,
    short,
    service_level,
    wait_seconds
from {{ source("ml", "staffing_hours") }}
