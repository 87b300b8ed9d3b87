with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    sync_runs as (select * from {{ ref("stg_ops__sync_runs") }}),

    -- Chatwoot's, or the bot's where there is no Chatwoot
    latest as (
        select distinct on (s.tenant_id) s.tenant_id, s.source_clock
        from sync_runs as s
        join tenants as t on t.tenant_id = s.tenant_id
        where s.status = 'succeeded' and s.source_clock is not null
        order by
            s.tenant_id, (s.source = 'chatwoot') = t.has_chatwoot desc, s.sync_id desc
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
