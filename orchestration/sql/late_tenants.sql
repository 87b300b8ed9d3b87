select
    tenant_id,
    source,
    status,
    coalesce(justify_interval(make_interval(secs => lag_seconds))::text, 'never') as lag,
    last_error
from marts.tenant_freshness
order by tenant_id, source
