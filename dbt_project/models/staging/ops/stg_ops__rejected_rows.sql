select tenant_id, source, resource, row_key, reason, first_seen_at, last_seen_at
from {{ source("ops", "rejected_rows") }}
