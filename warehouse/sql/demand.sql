-- What the tenant was asked for, by the hour of its own clock; hours without any are left out.
with
    events as (
        select 'conversations' as series, created_at as happened_at
        from marts.fct_conversations
        where tenant_id = %(tenant_id)s
        union all
        select 'messages', occurred_at
        from intermediate.int_conversation_events
        where tenant_id = %(tenant_id)s and event_type = 'customer_message'
        union all
        select 'bookings', booked_at
        from marts.fct_bookings
        where tenant_id = %(tenant_id)s
    ),

    hours as (
        select series, date_trunc('hour', happened_at, %(timezone)s) as starts_at, count(*) as events
        from events
        group by 1, 2
    )

select series, array_agg(starts_at order by starts_at) as starts, array_agg(events order by starts_at) as counts
from hours
group by series
order by series
