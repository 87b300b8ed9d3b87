{{ config(materialized="view") }}

with
    stored as (select * from {{ ref("stg_ml__price_responses") }}),

    final as (
        select
            tenant_id, procedure, bookings, prices, effect, lower_80, upper_80, verdict
        from stored
    )

select *
from final
