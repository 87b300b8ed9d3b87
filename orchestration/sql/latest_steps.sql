-- What each step last did to each tenant in a run and the runs it re-executes, given newest first.
select distinct on (tenant_id, step)
    tenant_id,
    step,
    status,
    extract(epoch from finished_at - started_at)::float8 as seconds,
    requests,
    rows_read,
    rows_written,
    rows_deleted,
    rows_rejected,
    note,
    error
from ops.tenant_steps
where run_id = any(%(run_ids)s)
order by tenant_id, step, array_position(%(run_ids)s, run_id)
