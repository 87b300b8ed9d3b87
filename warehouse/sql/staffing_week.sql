-- The seven local days after the one the forecast was made on: what each hour may bring, and whether anybody is there.
with
    known as (
        select max(trained_until) as until
        from ml.demand_forecasts
        where tenant_id = %(tenant_id)s and series = 'conversations' and grain = 'hour'
    ),

    week as (
        select
            until,
            ((until at time zone %(timezone)s)::date + 1)::timestamp at time zone %(timezone)s as begins,
            ((until at time zone %(timezone)s)::date + 8)::timestamp at time zone %(timezone)s as ends
        from known
    ),

    -- where the tenant's own hours are not given, its inboxes' hold
    calendars as (
        select distinct inbox_id
        from intermediate.int_opening_hours
        where
            tenant_id = %(tenant_id)s
            and (inbox_id = 0) = (
                %(has_own_hours)s
                or not exists (
                    select 1 from intermediate.int_opening_hours where tenant_id = %(tenant_id)s and inbox_id <> 0
                )
            )
    )

select
    w.until,
    f.starts_at,
    f.predicted,
    exists (
        select 1
        from intermediate.int_opening_hours as o
        where
            o.tenant_id = %(tenant_id)s
            and o.inbox_id in (select inbox_id from calendars)
            and o.opens_at < f.starts_at + interval '1 hour'
            and o.closes_at > f.starts_at
    ) as is_open
from week as w
join ml.demand_forecasts as f on f.starts_at >= w.begins and f.starts_at < w.ends
where f.tenant_id = %(tenant_id)s and f.series = 'conversations' and f.grain = 'hour'
order by f.starts_at
