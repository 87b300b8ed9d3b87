{{ config(materialized="view") }}

with
    stored as (select * from {{ ref("stg_ml__staffing_hours") }}),

    tenants as (select * from {{ ref("stg_config__tenants") }}),

    final as (
        select
            s.tenant_id,
            s.starts_at,
            {{ local_date("s.starts_at", "t.timezone") }} as date_day,
            extract(hour from s.starts_at at time zone t.timezone)::integer as hour,
            s.skill,
            s.expected,
            s.needed,
            s.on_duty,
            s.short,
            s.service_level,
            s.wait_seconds
        from stored as s
        join tenants as t on t.tenant_id = s.tenant_id
    )

select *
from final
