-- Bookings that this sync saw in another state than the last one noted; the earliest noted state of a booking holds before, too.
-- Known since its source changed it. What a first sync finds settled may have been touched since: three days after its date,
-- everybody knew.
with
    noted as (
        select distinct on (booking_id) booking_id, known_at, status, scheduled_for
        from ml.booking_states
        where tenant_id = %(tenant_id)s
        order by booking_id, known_at desc
    )

insert into ml.booking_states (tenant_id, booking_id, known_at, status, scheduled_for, _sync_id)
select
    b.tenant_id,
    b.id,
    case
        when n.booking_id is not null
        then greatest(b.updated_at, n.known_at)
        when %(is_first)s and b.status <> 'booked'
        then least(b.updated_at, b.scheduled_for + interval '3 days')
        else b.updated_at
    end,
    b.status,
    b.scheduled_for,
    b._sync_id
from raw_bot.procedure_bookings as b
left join noted as n on n.booking_id = b.id
where
    b.tenant_id = %(tenant_id)s
    and b._sync_id = %(sync_id)s
    and (n.booking_id is null or (n.status, n.scheduled_for) is distinct from (b.status, b.scheduled_for))
on conflict (tenant_id, booking_id, known_at)
do update set status = excluded.status, scheduled_for = excluded.scheduled_for, _sync_id = excluded._sync_id
