{{
    config(
        incremental_strategy="replace_tenants",
        indexes=[{"columns": ["tenant_id", "period", "period_start"]}],
    )
}}

with
    {{ roi_by() }},

    final as (
        select
            tenant_id,
            period,
            period_start,
            currency,
            {{ roi_figures() }},
            owner_cost,
            (cost + owner_cost)::double precision / nullif(customers, 0) as cpa
        from rated
    )

select *
from final
