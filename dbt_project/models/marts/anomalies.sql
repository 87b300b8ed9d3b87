{{ config(materialized="view") }}

with
    anomalies as (select * from {{ ref("stg_ml__anomalies") }}),

    tenants as (select * from {{ ref("stg_config__tenants") }}),

    final as (
        select
            a.tenant_id,
            a.anomaly_id,
            a.series,
            a.direction,
            a.severity,
            a.started_at,
            a.ended_at,
            {{ local_date("a.started_at", "t.timezone") }} as date_day,
            a.is_over,
            a.observed,
            a.expected,
            a.z,
            a.noticed_at
        from anomalies as a
        join tenants as t on t.tenant_id = a.tenant_id
    )

select *
from final
