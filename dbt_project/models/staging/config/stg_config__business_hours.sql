select tenant_id, day_of_week, opens_at, closes_at, began_day_before
from {{ source("config", "business_hours") }}
