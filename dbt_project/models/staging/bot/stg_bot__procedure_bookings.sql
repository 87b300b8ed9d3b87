select
    tenant_id,
    id as booking_id,
    lead_id,
    nullif(btrim(procedure), '') as procedure,
    value,
    upper(nullif(btrim(currency), '')) as currency,
    booked_at,
    scheduled_for,
    status,
    updated_at
from {{ source("raw_bot", "procedure_bookings") }}
where _deleted_at is null
