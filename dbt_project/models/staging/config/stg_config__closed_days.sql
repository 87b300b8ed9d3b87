select tenant_id, closed_on, reason from {{ source("config", "closed_days") }}
