select
    tenant_id,
    month,
    currency,
    expected,
    lower_80,
    upper_80,
    so_far,
    from_pipeline,
    method,
    backtest_wape,
    baseline_wape,
    backtest_forecasts,
    forecast_as_of
from {{ source("ml", "revenue_forecasts") }}
