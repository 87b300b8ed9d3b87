select
    tenant_id,
    anomaly_id,
    series,
    direction,
    started_at,
    ended_at,
    is_over,
    observed,
    expected,
    z,
    severity,
    noticed_at
from {{ source("ml", "anomalies") }}
