with
    source as (select * from {{ source("config", "sla_policies") }}),

    final as (
        select
            tenant_id,
            metric,
            threshold_seconds,
            business_hours_only as is_business_hours_only
        from source

    )

select *
from final
