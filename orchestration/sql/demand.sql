-- What came in, by the quarter of an hour: fine enough for every time zone's hours.
select 'conversations' as series, date_bin('15 minutes', created_at, 'epoch') as starts_at, count(*)::float8 as count
from marts.fct_conversations
where tenant_id = %(tenant_id)s
group by 1, 2
union all
select 'messages', date_bin('15 minutes', occurred_at, 'epoch'), count(*)::float8
from intermediate.int_conversation_events
where tenant_id = %(tenant_id)s and event_type = 'customer_message'
group by 1, 2
union all
select 'bookings', date_bin('15 minutes', booked_at, 'epoch'), count(*)::float8
from marts.fct_bookings
where tenant_id = %(tenant_id)s
group by 1, 2
order by 1, 2
