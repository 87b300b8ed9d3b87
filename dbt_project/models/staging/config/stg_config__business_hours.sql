with
    source as (select * from {{ source("config", "business_hours") }}),

    final as (select tenant_id, day_of_week, opens_at, closes_at from source)

select *
from final
