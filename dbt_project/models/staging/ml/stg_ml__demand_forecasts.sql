select
    tenant_id,
    series,
    grain,
    starts_at,
    predicted,
    lower_80,
    upper_80,
    model,
    trained_until,
    backtest_mase
from {{ source("ml", "demand_forecasts") }}
