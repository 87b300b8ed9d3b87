{{ config(materialized="view") }}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    sync_runs as (select * from {{ ref("stg_ops__sync_runs") }}),

    last_events as (select * from {{ ref("int_last_events") }}),

    sources as (
        select t.tenant_id, s.source
        from tenants as t
        cross join
            lateral(values ('chatwoot', t.has_chatwoot), ('bot', t.has_bot)) as s(
                source, is_used
            )
        where t.is_active and s.is_used
    ),

    successes as (
        select tenant_id, source, max(finished_at) as last_success_at
        from sync_runs
        where status = 'succeeded'
        group by tenant_id, source
    ),

    last_runs as (
        select distinct on (tenant_id, source) tenant_id, source, status, error
        from sync_runs
        where status <> 'running'
        order by tenant_id, source, sync_id desc
    ),

    joined as (
        select
            s.tenant_id,
            s.source,
            k.last_success_at,
            e.last_event_at,
            extract(epoch from {{ as_of() }} - k.last_success_at)::bigint
            as lag_seconds,
            r.status as last_status,
            r.error as last_error
        from sources as s
        left join successes as k on k.tenant_id = s.tenant_id and k.source = s.source
        left join last_runs as r on r.tenant_id = s.tenant_id and r.source = s.source
        left join last_events as e on e.tenant_id = s.tenant_id and e.source = s.source
    ),

    final as (
        select
            tenant_id,
            source,
            last_success_at,
            last_event_at,
            lag_seconds,
            case
                when last_status = 'failed'
                then 'failed'
                when last_success_at is null
                then 'never'
                when lag_seconds > {{ var("late_after_hours") }} * 3600
                then 'late'
                else 'fresh'
            end as status,
            case when last_status = 'failed' then last_error end as last_error
        from joined
    )

select *
from final
