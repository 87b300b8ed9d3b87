select series, grain, model, mase, standing
from ml.forecast_backtests
where tenant_id = %(tenant_id)s and mase is not null
order by series, grain, model
