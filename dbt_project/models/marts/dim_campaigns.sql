{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    campaigns as (
        select * from {{ ref("stg_bot__marketing_campaigns") }} where {{ changed }}
    ),

    leads as (select * from {{ ref("stg_bot__leads") }} where {{ changed }}),

    costs as (select * from {{ ref("stg_bot__campaign_costs") }} where {{ changed }}),

    -- leads and costs may name a campaign that the source does not list
    named as (
        select tenant_id, campaign_id
        from campaigns
        union
        select tenant_id, campaign_id
        from leads
        where campaign_id is not null
        union
        select tenant_id, campaign_id
        from costs
    ),

    final as (
        select
            n.tenant_id,
            n.campaign_id,
            c.campaign_name,
            coalesce(nullif(btrim(c.channel), ''), '(none)') as channel,
            c.started_on,
            c.ended_on,
            c.campaign_id is not null as is_listed
        from named as n
        left join
            campaigns as c
            on c.tenant_id = n.tenant_id
            and c.campaign_id = n.campaign_id
    )

select *
from final
