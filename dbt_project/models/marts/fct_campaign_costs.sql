{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    costs as (select * from {{ ref("stg_bot__campaign_costs") }} where {{ changed }}),

    campaigns as (select * from {{ ref("dim_campaigns") }} where {{ changed }}),

    final as (
        select
            s.tenant_id,
            s.campaign_id,
            s.cost_date,
            c.channel,
            coalesce(s.currency, t.currency) as currency,
            s.cost,
            s.impressions,
            s.clicks
        from costs as s
        join tenants as t on t.tenant_id = s.tenant_id
        join
            campaigns as c
            on c.tenant_id = s.tenant_id
            and c.campaign_id = s.campaign_id
    )

select *
from final
