{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    months as (
        select *
        from {{ ref("roi_by_channel") }}
        where
            period = 'month'
            -- what is only booked is not in it
            and (campaign_days > 0 or attended_bookings > 0 or customers > 0)
            and {{ changed }}
    ),

    final as (
        select
            tenant_id,
            period_start as month,
            channel,
            currency,
            cost,
            revenue,
            attended_bookings,
            customers,
            roi_pct,
            cac
        from months
    )

select *
from final
