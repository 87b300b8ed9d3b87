select tenant_id, procedure, bookings, prices, effect, lower_80, upper_80, verdict
from {{ source("ml", "price_responses") }}
