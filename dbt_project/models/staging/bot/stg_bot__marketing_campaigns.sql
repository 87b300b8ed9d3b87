with
    source as (select * from {{ source("raw_bot", "marketing_campaigns") }}),

    final as (
        select
            tenant_id,
            id as campaign_id,
            name as campaign_name,
            channel,
            started_on,
            ended_on,
            updated_at
        from source
        where _deleted_at is null
    )

select *
from final
