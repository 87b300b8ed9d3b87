{{ config(materialized="view") }}

with
    forecasts as (select * from {{ ref("stg_ml__demand_forecasts") }}),

    tenants as (select * from {{ ref("stg_config__tenants") }}),

    final as (
        select
            f.tenant_id,
            f.series,
            f.grain,
            f.starts_at,
            {{ local_date("f.starts_at", "t.timezone") }} as date_day,
            extract(hour from f.starts_at at time zone t.timezone)::integer as hour,
            f.predicted as expected,
            f.lower_80,
            f.upper_80,
            f.model,
            f.model in ('slot_mean', 'seasonal_naive') as is_baseline,
            f.trained_until,
            f.backtest_mase,
            f.backtest_wape,
            f.backtest_coverage_80
        from forecasts as f
        join tenants as t on t.tenant_id = f.tenant_id
    )

select *
from final
