select tenant_id, person, starts_at, ends_at, hours, cost
from {{ source("ml", "staffing_shifts") }}
