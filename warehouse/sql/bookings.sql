-- Bookings in the tenant's own currency, on its local days. How one ended is known from its last change on, or three days after
-- its date, whichever came first.
select
    b.booking_id,
    b.person_id,
    b.procedure,
    b.value::float8 as value,
    b.is_attended,
    b.attended_at,
    b.status <> 'booked' as is_settled,
    (b.booked_at at time zone %(timezone)s)::date as booked_on,
    (coalesce(b.scheduled_for, b.booked_at) at time zone %(timezone)s)::date as due_on,
    case
        when b.status <> 'booked'
        then
            (
                least(s.updated_at, coalesce(b.scheduled_for, b.booked_at) + interval '3 days')
                at time zone %(timezone)s
            )::date
    end as settled_on
from marts.fct_bookings as b
join staging.stg_bot__procedure_bookings as s on s.tenant_id = b.tenant_id and s.booking_id = b.booking_id
where b.tenant_id = %(tenant_id)s and b.currency = %(currency)s and b.value is not null
