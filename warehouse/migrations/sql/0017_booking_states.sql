-- How each booking stood, and since when that was known: a model must not learn from what nobody knew yet.
create table ml.booking_states (
    tenant_id text not null,
    booking_id text not null,
    known_at timestamptz not null,
    status text not null,
    scheduled_for timestamptz,
    _sync_id bigint not null,
    primary key (tenant_id, booking_id, known_at)
);

-- of what was there before anybody noted it
insert into ml.booking_states (tenant_id, booking_id, known_at, status, scheduled_for, _sync_id)
select
    tenant_id,
    id,
    case when status = 'booked' then updated_at else least(updated_at, scheduled_for + interval '3 days') end,
    status,
    scheduled_for,
    _sync_id
from raw_bot.procedure_bookings;
