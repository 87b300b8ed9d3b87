{{ config(materialized="view") }}

with
    stored as (select * from {{ ref("stg_ml__revenue_forecasts") }}),

    final as (
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
        from stored
    )

select *
from final
