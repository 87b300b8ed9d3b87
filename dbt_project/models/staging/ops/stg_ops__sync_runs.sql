select
    tenant_id,
    sync_id,
    source,
    mode,
    status,
    started_at,
    finished_at,
    source_clock,
    requests,
    rows_read,
    rows_written,
    rows_deleted,
    rows_rejected,
    error
from {{ source("ops", "sync_runs") }}
