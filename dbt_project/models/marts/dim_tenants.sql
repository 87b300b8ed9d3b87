{{ config(materialized="view") }}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    final as (
        select
            tenant_id,
            tenant_name,
            vertical,
            timezone,
            locale,
            currency,
            country,
            subdivision,
            owner_cost_per_month,
            has_chatwoot,
            has_bot,
            is_active
        from tenants
    )

select *
from final
