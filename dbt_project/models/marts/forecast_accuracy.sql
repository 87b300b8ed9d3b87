{{ config(materialized="view") }}

with
    backtests as (select * from {{ ref("stg_ml__forecast_backtests") }}),

    final as (
        select
            tenant_id,
            series,
            grain,
            model,
            standing,
            mase,
            wape,
            coverage_80,
            trained_until
        from backtests
    )

select *
from final
