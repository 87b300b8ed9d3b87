-- Tenants of which an SLA that still runs in the mart was due by the source's own clock at the latest sync: their marts have
-- to be built although no row changed.
select distinct sla.tenant_id
from marts.fct_sla as sla
join config.tenants on tenants.tenant_id = sla.tenant_id
join lateral (
    select runs.source_clock
    from ops.sync_runs as runs
    where runs.tenant_id = sla.tenant_id and runs.status = 'succeeded' and runs.source_clock is not null
    -- Chatwoot's clock where there is Chatwoot, as the marts have it
    order by (runs.source = 'chatwoot') = tenants.has_chatwoot desc, runs.sync_id desc
    limit 1
) as latest on true
where sla.tenant_id = any(%(tenants)s) and sla.status = 'running' and sla.due_at < latest.source_clock
