-- What became of people after each of the moments: who was a customer %(customer_days)s days later, and when they first wrote
-- again within %(silence_days)s days. Who did neither is left out.
with
    moments as (select unnest(%(moments)s::timestamptz[]) as at),

    wrote as (
        select m.at, t.person_id, min(e.occurred_at) as next_message_at
        from moments as m
        join
            intermediate.int_conversation_events as e
            on e.occurred_at > m.at
            and e.occurred_at <= m.at + make_interval(days => %(silence_days)s)
        join marts.fct_conversations as t on t.tenant_id = e.tenant_id and t.conversation_id = e.conversation_id
        where e.tenant_id = %(tenant_id)s and e.event_type = 'customer_message' and t.person_id is not null
        group by m.at, t.person_id
    ),

    became as (
        select m.at, c.person_id
        from moments as m
        join marts.dim_contacts as c on c.customer_since <= m.at + make_interval(days => %(customer_days)s)
        where c.tenant_id = %(tenant_id)s
    )

select
    coalesce(w.at, b.at) as at,
    coalesce(w.person_id, b.person_id) as person_id,
    b.person_id is not null as became_customer,
    w.next_message_at
from wrote as w
full join became as b on b.at = w.at and b.person_id = w.person_id
