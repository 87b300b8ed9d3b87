with
    source as (select * from {{ source("ml", "demand_forecasts") }}),

    final as (
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
        from source

    )

select *
from final
