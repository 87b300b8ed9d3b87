select
    tenant_id,
    campaign_id,
    cost_date,
    cost,
    upper(nullif(btrim(currency), '')) as currency,
    impressions,
    clicks
from {{ source("raw_bot", "campaign_costs") }}
where _deleted_at is null
