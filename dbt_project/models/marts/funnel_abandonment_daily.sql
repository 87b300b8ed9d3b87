{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    people as (
        select *
        from {{ ref("dim_contacts") }}
        where is_in_funnel and not is_customer and {{ changed }}
    ),

    final as (
        select
            tenant_id, last_event_date, channel, stage, last_event, count(*) as people
        from people
        group by tenant_id, last_event_date, channel, stage, last_event
    )

select *
from final
