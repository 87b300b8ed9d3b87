select
    l.tenant_id,
    l.lead_id,
    l.source_channel,
    coalesce(l.source_channel, nullif(btrim(c.channel), ''), '(none)') as channel,
    l.campaign_id,
    l.status,
    l.status in ('qualified', 'scheduled', 'converted') as is_qualified,
    l.maturity_score,
    l.created_at,
    l.updated_at,
    l.converted_at
from {{ ref("stg_bot__leads") }} as l
left join
    {{ ref("stg_bot__marketing_campaigns") }} as c
    on c.tenant_id = l.tenant_id
    and c.campaign_id = l.campaign_id
