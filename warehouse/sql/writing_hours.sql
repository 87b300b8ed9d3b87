-- When customers write and people of the business answer: by hour of the tenant's clock, over the 60 days before a moment.
select
    extract(hour from occurred_at at time zone %(timezone)s)::integer as hour,
    count(*) filter (where event_type = 'customer_message') as customer_messages,
    count(*) filter (where event_type = 'human_reply') as human_replies
from intermediate.int_conversation_events
where
    tenant_id = %(tenant_id)s
    and event_type in ('customer_message', 'human_reply')
    and occurred_at > %(at)s::timestamptz - interval '60 days'
    and occurred_at <= %(at)s
group by 1
