-- Each open lead at each of the moments, as it stood then: nothing that happened or became known afterwards enters.
-- Open: the person had written (or the bot had made a lead of them) in the 90 days before, and was not known as a customer.
with
    moments as (select unnest(%(moments)s::timestamptz[]) as at),

    talks as (
        select conversation_id, person_id, created_at, inbox_channel, source, playbook, last_message_at
        from marts.fct_conversations
        where tenant_id = %(tenant_id)s and person_id is not null
    ),

    -- the bot's leads; one made later tells nothing yet
    leads as (
        select m.at, l.person_id, l.lead_id, l.created_at, l.channel, l.campaign_id, l.maturity_score, l.converted_at
        from moments as m
        join marts.fct_leads as l on l.created_at <= m.at
        where l.tenant_id = %(tenant_id)s
    ),

    lead_sums as (
        select
            at,
            person_id,
            count(*) as leads,
            min(created_at) as first_lead_at,
            max(created_at) as last_lead_at,
            (array_agg(channel order by created_at, lead_id collate "C"))[1] as channel,
            (array_agg(campaign_id order by created_at, lead_id collate "C"))[1] as campaign_id,
            (array_agg(maturity_score order by created_at desc, lead_id collate "C" desc) filter (
                where maturity_score is not null
            ))[1] as maturity_score
        from leads
        group by at, person_id
    ),

    -- a booking leaves the state 'booked' once; when nobody noted it in time, it is taken as known three days after its date
    bookings as (
        select
            m.at,
            l.person_id,
            b.scheduled_for,
            b.booked_at,
            case when least(b.updated_at, b.scheduled_for + interval '3 days') <= m.at then b.status else 'booked' end as status
        from moments as m
        join staging.stg_bot__procedure_bookings as b on b.booked_at <= m.at
        join marts.fct_leads as l on l.tenant_id = b.tenant_id and l.lead_id = b.lead_id
        where b.tenant_id = %(tenant_id)s
    ),

    booking_sums as (
        select
            at,
            person_id,
            count(*) filter (where status = 'booked') as pending_bookings,
            count(*) filter (where status in ('cancelled', 'no_show')) as failed_bookings,
            count(*) filter (where status = 'attended') as attended_bookings,
            max(scheduled_for) filter (where status = 'booked') as next_booking_at,
            max(booked_at) filter (where status = 'booked') as booked_at
        from bookings
        group by at, person_id
    ),

    conversions as (
        select at, person_id
        from booking_sums
        where attended_bookings > 0
        union
        select l.at, l.person_id
        from leads as l
        join staging.stg_bot__leads as b on b.tenant_id = %(tenant_id)s and b.lead_id = l.lead_id
        where b.converted_at <= l.at
    ),

    said as (
        select
            m.at,
            e.conversation_id,
            count(*) filter (where e.event_type = 'customer_message') as customer_messages,
            count(*) filter (
                where e.event_type = 'customer_message' and e.occurred_at > m.at - interval '7 days'
            ) as customer_messages_7d,
            count(*) filter (where e.event_type = 'human_reply') as human_replies,
            count(*) filter (where e.event_type = 'bot_reply') as bot_replies,
            min(e.occurred_at) filter (where e.event_type = 'customer_message') as first_customer_message_at,
            max(e.occurred_at) filter (where e.event_type = 'customer_message') as last_customer_message_at,
            min(e.occurred_at) filter (where e.event_type in ('human_reply', 'bot_reply')) as first_reply_at,
            max(e.occurred_at) filter (where e.event_type in ('human_reply', 'bot_reply')) as last_reply_at,
            max(e.position) filter (where e.event_type = 'customer_message') as last_customer_position,
            max(e.position) filter (where e.event_type = 'human_reply') as last_human_position,
            max(e.position) filter (where e.event_type = 'bot_reply') as last_bot_position,
            max(e.position) filter (where e.event_type = 'resolved') as last_resolved_position,
            max(e.occurred_at) filter (
                where e.event_type in ('customer_message', 'human_reply', 'bot_reply')
            ) as last_message_at,
            bool_or(e.event_type = 'handed_off') as is_handed_off
        from moments as m
        join intermediate.int_conversation_events as e on e.occurred_at <= m.at
        where e.tenant_id = %(tenant_id)s
        group by m.at, e.conversation_id
    ),

    waits as (
        select
            m.at,
            r.conversation_id,
            avg(r.wait_seconds) filter (where r.ended_at <= m.at and r.ended_by = 'human_reply') as human_wait_seconds,
            max(r.wait_seconds) filter (where r.ended_at <= m.at and r.is_first_response) as first_human_wait_seconds,
            max(extract(epoch from m.at - r.started_at)) filter (
                where r.ended_at is null or r.ended_at > m.at
            ) as waiting_seconds
        from moments as m
        join marts.fct_replies as r on r.started_at <= m.at
        where r.tenant_id = %(tenant_id)s
        group by m.at, r.conversation_id
    ),

    -- a reading of today is one of then if nothing has been said since
    readings as (
        select
            s.at,
            s.conversation_id,
            coalesce(a.intent, p.intent) as intent,
            coalesce(a.sentiment, p.sentiment) as sentiment,
            coalesce(a.lead_probability, p.lead_probability) as lead_probability,
            coalesce(a.visit_scheduled, p.visit_scheduled) as is_visit_agreed,
            case when a.conversation_id is not null then a.visit_at else p.visit_at end as visit_at
        from said as s
        join talks as t on t.conversation_id = s.conversation_id
        left join
            analysis.conversation_analysis as a
            on a.tenant_id = %(tenant_id)s
            and a.conversation_id = s.conversation_id
            and t.last_message_at <= s.at
        left join
            analysis.earlier_readings as p
            on p.tenant_id = %(tenant_id)s
            and p.conversation_id = s.conversation_id
            and p.read_as_of = s.at
            and t.last_message_at > s.at
    ),

    dated_talks as (
        select
            s.*,
            t.person_id,
            t.created_at,
            t.inbox_channel,
            t.source,
            t.playbook,
            w.human_wait_seconds,
            w.first_human_wait_seconds,
            w.waiting_seconds,
            r.intent,
            r.sentiment,
            r.lead_probability,
            r.is_visit_agreed,
            r.visit_at
        from said as s
        join talks as t on t.conversation_id = s.conversation_id
        left join waits as w on w.at = s.at and w.conversation_id = s.conversation_id
        left join readings as r on r.at = s.at and r.conversation_id = s.conversation_id
    ),

    talk_sums as (
        select
            at,
            person_id,
            count(*) as conversations,
            min(created_at) as first_conversation_at,
            sum(customer_messages)::integer as customer_messages,
            sum(customer_messages_7d)::integer as customer_messages_7d,
            sum(human_replies)::integer as human_replies,
            sum(bot_replies)::integer as bot_replies,
            max(last_customer_message_at) as last_customer_message_at,
            max(last_customer_message_at) > min(first_reply_at) as wrote_after_reply,
            max(lead_probability) as highest_lead_probability,
            bool_or(is_visit_agreed) filter (where last_message_at > at - interval '30 days') as has_agreed_visit,
            max(visit_at) filter (where last_message_at > at - interval '30 days') as visit_at
        from dated_talks
        group by at, person_id
    ),

    last_talks as (
        select distinct on (at, person_id) *
        from dated_talks
        where customer_messages > 0
        order by at, person_id, last_customer_message_at desc, conversation_id collate "C" desc
    ),

    people as (
        select
            at,
            person_id
        from talk_sums
        where last_customer_message_at > at - interval '90 days'
        union
        select at, person_id
        from lead_sums
        where last_lead_at > at - interval '90 days'
    )

select
    p.at,
    p.person_id,
    least(s.first_conversation_at, l.first_lead_at) as first_contact_at,
    coalesce(s.conversations, 0) as conversations,
    coalesce(s.customer_messages, 0) as customer_messages,
    coalesce(s.customer_messages_7d, 0) as customer_messages_7d,
    coalesce(s.human_replies, 0) as human_replies,
    coalesce(s.bot_replies, 0) as bot_replies,
    s.last_customer_message_at,
    coalesce(s.wrote_after_reply, false) as wrote_after_reply,
    s.highest_lead_probability,
    coalesce(s.has_agreed_visit, false) as has_agreed_visit,
    s.visit_at,
    t.created_at as talk_started_at,
    t.customer_messages as talk_customer_messages,
    t.first_customer_message_at as talk_first_message_at,
    t.last_reply_at,
    extract(epoch from t.first_reply_at - t.first_customer_message_at) as first_reply_seconds,
    t.first_human_wait_seconds,
    t.human_wait_seconds,
    t.waiting_seconds,
    case greatest(t.last_customer_position, t.last_human_position, t.last_bot_position)
        when t.last_customer_position
        then 'customer'
        when t.last_human_position
        then 'human'
        when t.last_bot_position
        then 'bot'
    end as last_writer,
    coalesce(t.last_resolved_position > t.last_customer_position, false) as is_resolved,
    coalesce(t.is_handed_off, false) as is_handed_off,
    coalesce(t.inbox_channel, t.source) as door,
    t.playbook,
    t.intent,
    t.sentiment,
    t.lead_probability,
    coalesce(t.is_visit_agreed, false) as is_visit_agreed,
    coalesce(l.leads, 0) > 0 as has_lead,
    coalesce(l.channel, '(none)') as channel,
    l.campaign_id,
    l.maturity_score,
    coalesce(b.pending_bookings, 0) as pending_bookings,
    coalesce(b.failed_bookings, 0) as failed_bookings,
    b.next_booking_at,
    b.booked_at
from people as p
left join talk_sums as s on s.at = p.at and s.person_id = p.person_id
left join last_talks as t on t.at = p.at and t.person_id = p.person_id
left join lead_sums as l on l.at = p.at and l.person_id = p.person_id
left join booking_sums as b on b.at = p.at and b.person_id = p.person_id
where not exists (select from conversions as c where c.at = p.at and c.person_id = p.person_id)
order by p.at, p.person_id collate "C"
