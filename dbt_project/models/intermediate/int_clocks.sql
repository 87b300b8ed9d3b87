with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    sync_runs as (select * from {{ ref("stg_ops__sync_runs") }}),

    -- Chatwoot's, or the bot's where there is no Chatwoot
    latest as (
        select distinct on (tenant_id) tenant_id, source_clock
        from sync_runs
        where status = 'succeeded' and source_clock is not null
        order by tenant_id, source desc, sync_id desc
    ),

    final as (
        select
            t.tenant_id,
            l.source_clock,
            {{ local_date("l.source_clock", "t.timezone") }} as clock_date
        from tenants as t
        left join latest as l on l.tenant_id = t.tenant_id
    )

select *
from final
