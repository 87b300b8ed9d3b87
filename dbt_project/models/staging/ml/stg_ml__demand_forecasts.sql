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
    backtest_mase,
    backtest_wape,
    backtest_coverage_80
from {{ source("ml", "demand_forecasts") }}
