{{
    config(
        incremental_strategy="replace_tenants",
        indexes=[{"columns": ["tenant_id", "period", "period_start"]}],
    )
}}

with
    {{ roi_by("campaign_id") }},

    final as (
        select
            tenant_id, period, period_start, campaign_id, currency, {{ roi_figures() }}
        from rated
    )

select *
from final
