insert into ops.tenant_steps (
    tenant_id,
    run_id,
    step,
    status,
    started_at,
    finished_at,
    requests,
    rows_read,
    rows_written,
    rows_deleted,
    rows_rejected,
    note,
    error
)
values (
    %(tenant_id)s,
    %(run_id)s,
    %(step)s,
    %(status)s,
    clock_timestamp() - make_interval(secs => %(seconds)s),
    clock_timestamp(),
    %(requests)s,
    %(rows_read)s,
    %(rows_written)s,
    %(rows_deleted)s,
    %(rows_rejected)s,
    %(note)s,
    %(error)s
)
on conflict (tenant_id, run_id, step) do update
set
    status = excluded.status,
    started_at = excluded.started_at,
    finished_at = excluded.finished_at,
    requests = excluded.requests,
    rows_read = excluded.rows_read,
    rows_written = excluded.rows_written,
    rows_deleted = excluded.rows_deleted,
    rows_rejected = excluded.rows_rejected,
    note = excluded.note,
    error = excluded.error
