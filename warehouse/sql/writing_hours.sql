-- When customers write and people of the business answer: by hour of the tenant's clock, over the 60 days before a moment.
-- Counted by quarters of an hour first, which every time zone keeps whole: to tell the local hour of each event takes longer.
with
    quarters as (
        select
            date_bin(interval '15 minutes', occurred_at, timestamptz '2000-01-01 00:00:00+00') as began_at,
            count(*) filter (where event_type = 'customer_message') as customer_messages,
            count(*) filter (where event_type = 'human_reply') as human_replies
        from intermediate.int_conversation_events
        where
            tenant_id = %(tenant_id)s
            and event_type in ('customer_message', 'human_reply')
            and occurred_at > %(at)s::timestamptz - interval '60 days'
            and occurred_at <= %(at)s
        group by 1
    )

select
    extract(hour from began_at at time zone %(timezone)s)::integer as hour,
    sum(customer_messages)::bigint as customer_messages,
    sum(human_replies)::bigint as human_replies
from quarters
group by 1
