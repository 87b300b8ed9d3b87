select tenant_id, series, grain, model, standing, mase, wape, coverage_80, trained_until
from {{ source("ml", "forecast_backtests") }}
