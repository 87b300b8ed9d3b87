with
    source as (select * from {{ source("config", "closed_days") }}),

    final as (select tenant_id, closed_on, reason from source)

select *
from final
