with
    source as (select * from {{ source("raw_bot", "campaign_costs") }}),

    final as (
        select tenant_id, campaign_id, cost_date, cost, currency, impressions, clicks
        from source
        where _deleted_at is null
    )

select *
from final
