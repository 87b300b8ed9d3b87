{{
    config(
        incremental_strategy="replace_tenants",
        indexes=[{"columns": ["tenant_id", "period", "period_start"]}],
    )
}}

with
    {{ roi_by("channel") }},

    final as (
        select tenant_id, period, period_start, channel, currency, {{ roi_figures() }}
        from rated
    )

select *
from final
