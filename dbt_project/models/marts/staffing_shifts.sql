{{ config(materialized="view") }}

with
    stored as (select * from {{ ref("stg_ml__staffing_shifts") }}),

    tenants as (select * from {{ ref("stg_config__tenants") }}),

    final as (
        select
            s.tenant_id,
            s.person,
            s.starts_at,
            s.ends_at,
            {{ local_date("s.starts_at", "t.timezone") }} as date_day,
            s.hours,
            s.cost
        from stored as s
        join tenants as t on t.tenant_id = s.tenant_id
    )

select *
from final
