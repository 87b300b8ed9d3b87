{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    leads as (select * from {{ ref("lead_engagement") }} where {{ changed }}),

    counted as (
        select
            tenant_id,
            created_date,
            channel,
            quadrant,
            count(*) as leads,
            count(*) filter (where is_open) as open_leads,
            count(*) filter (where is_customer) as customers,
            count(maturity_score_at_conversion) as scored_customers,
            avg(maturity_score_at_conversion::numeric)::double precision
            as maturity_score_at_conversion
        from leads
        group by tenant_id, created_date, channel, quadrant
    ),

    final as (
        select
            tenant_id,
            created_date,
            channel,
            quadrant,
            leads,
            open_leads,
            customers,
            customers::double precision / nullif(leads, 0) as conversion,
            scored_customers,
            maturity_score_at_conversion
        from counted
    )

select *
from final
