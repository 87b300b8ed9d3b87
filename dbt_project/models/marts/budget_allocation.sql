{{ config(materialized="view") }}

with
    stored as (select * from {{ ref("stg_ml__budget_allocations") }}),

    final as (
        select
            tenant_id,
            channel,
            currency,
            cost_now,
            cost_advised,
            gain,
            gain_lower_80,
            gain_upper_80,
            certainty,
            verdict
        from stored
    )

select *
from final
