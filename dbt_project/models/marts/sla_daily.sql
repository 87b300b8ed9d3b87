{{
    config(
        incremental_strategy="replace_tenants",
        indexes=[{"columns": ["tenant_id", "sla_date"]}],
    )
}}
{% set changed = (
    "tenant_id in (select tenant_id from scope)"
    if is_incremental()
    else "true"
) %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    every_sla as (select * from {{ ref("fct_sla") }}),

    {% if is_incremental() %}
        -- besides what changed: tenants in which the moving clock has carried
        -- something past its due instant
        scope as (
            select tenant_id
            from {{ ref("stg_config__tenants") }}
            where {{ tenant_changed() }}
            union
            select tenant_id
            from
                (
                    select tenant_id, count(*) as running
                    from {{ ref("fct_sla") }}
                    where status = 'running' and {{ tenant_requested() }}
                    group by tenant_id
                ) as now
            full join
                (
                    select tenant_id, sum(running) as running
                    from {{ this }}
                    where {{ tenant_requested() }}
                    group by tenant_id
                ) as stored using (tenant_id)
            where coalesce(now.running, 0) <> coalesce(stored.running, 0)
        ),
    {% endif %}

    sla as (select * from {{ ref("fct_sla") }} where {{ changed }}),

    counted as (
        select
            tenant_id,
            sla_date,
            inbox_id,
            metric,
            count(*) as applied,
            count(*) filter (where status = 'met') as met,
            count(*) filter (where status = 'breached') as breached,
            count(*) filter (where status = 'running') as running
        from sla
        where policy_source = 'tenant'
        group by tenant_id, sla_date, inbox_id, metric
    ),

    final as (
        select
            tenant_id,
            sla_date,
            inbox_id,
            metric,
            applied,
            met,
            breached,
            running,
            met::double precision / nullif(met + breached, 0) as compliance
        from counted
    )

select *
from final
