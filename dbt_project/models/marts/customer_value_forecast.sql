{{ config(materialized="view") }}

with
    stored as (select * from {{ ref("stg_ml__customer_values") }}),

    final as (
        select
            tenant_id,
            segment,
            currency,
            customers,
            months,
            value,
            lower_80,
            upper_80,
            is_own
        from stored
    )

select *
from final
