{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "month",
            "changed_by": ["roi_by_channel.period_start"],
            "grain": "month",
        },
    )
}}
{% set changed = key_changed("period_start") if is_incremental() else "true" %}

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
