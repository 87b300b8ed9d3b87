{{
    config(
        incremental_strategy="replace_keys",
        meta={"key": "created_date", "changed_by": ["fct_leads.created_date@matrix"]},
    )
}}
{% set changed = key_changed() if is_incremental() else "true" %}

with
    leads as (select * from {{ ref("fct_leads") }} where {{ changed }}),

    counted as (
        select
            tenant_id,
            created_date,
            channel,
            quadrant,
            count(*) as leads,
            count(*) filter (where is_open) as open_leads,
            count(*) filter (where is_customer) as customers,
            count(maturity_score) filter (where is_customer) as scored_customers,
            (avg(maturity_score::numeric) filter (where is_customer))::double precision
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
