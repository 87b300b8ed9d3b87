-- Each open lead at each of the moments, as it stood then: nothing that happened or became known afterwards enters.
-- Open: the person had written (or the bot had made a lead of them) in the 90 days before, and was not known as a customer.
with
    moments as (select unnest(%(moments)s::timestamptz[]) as at),

    -- the first times of a talk are the same ever after; what is counted, and the last times, may have moved on since
    talks as (
        select
            m.at,
            t.conversation_id,
            t.person_id,
            t.created_at,
            coalesce(t.inbox_channel, t.source) as door,
            t.playbook,
            t.customer_messages,
            t.human_replies,
            t.bot_replies,
            t.first_customer_message_at,
            t.first_reply_at,
            t.first_human_reply_at,
            t.handed_off_at,
            t.last_customer_message_at,
            t.last_message_at,
            t.last_resolved_at,
            coalesce(t.last_message_at > m.at, false) as was_going_on,
            coalesce(greatest(t.last_message_at, t.last_resolved_at) > m.at, false) as has_changed
        from moments as m
        join marts.fct_conversations as t on t.created_at <= m.at
        where
            t.tenant_id = %(tenant_id)s
            and t.person_id in (
                select c.person_id
                from marts.dim_contacts as c
                where
                    c.tenant_id = %(tenant_id)s
                    and c.first_contact_at <= m.at
                    and (c.last_customer_message_at > m.at - interval '90 days' or c.leads > 0)
            )
    ),

    by_then as (
        select
            t.at,
            t.conversation_id,
            count(*) filter (where e.event_type = 'customer_message') as customer_messages,
            count(*) filter (where e.event_type = 'human_reply') as human_replies,
            count(*) filter (where e.event_type = 'bot_reply') as bot_replies,
            max(e.occurred_at) filter (where e.event_type = 'customer_message') as last_customer_message_at,
            max(e.occurred_at) filter (where e.event_type <> 'resolved') as last_message_at,
            max(e.occurred_at) filter (where e.event_type = 'resolved') as last_resolved_at
        from talks as t
        join
            intermediate.int_conversation_events as e
            on e.conversation_id = t.conversation_id
            and e.occurred_at <= t.at
            and e.event_type in ('customer_message', 'human_reply', 'bot_reply', 'resolved')
        where e.tenant_id = %(tenant_id)s and t.has_changed
        group by t.at, t.conversation_id
    ),

    as_it_stood as (
        select
            at,
            conversation_id,
            person_id,
            created_at,
            door,
            playbook,
            was_going_on,
            customer_messages,
            human_replies,
            bot_replies,
            first_customer_message_at,
            first_reply_at,
            first_human_reply_at,
            handed_off_at,
            last_customer_message_at,
            last_message_at,
            last_resolved_at
        from talks
        where not has_changed
        union all
        select
            t.at,
            t.conversation_id,
            t.person_id,
            t.created_at,
            t.door,
            t.playbook,
            t.was_going_on,
            coalesce(b.customer_messages, 0),
            coalesce(b.human_replies, 0),
            coalesce(b.bot_replies, 0),
            case when t.first_customer_message_at <= t.at then t.first_customer_message_at end,
            case when t.first_reply_at <= t.at then t.first_reply_at end,
            case when t.first_human_reply_at <= t.at then t.first_human_reply_at end,
            t.handed_off_at,
            b.last_customer_message_at,
            b.last_message_at,
            b.last_resolved_at
        from talks as t
        left join by_then as b on b.at = t.at and b.conversation_id = t.conversation_id
        where t.has_changed
    ),

    -- today's reading is one of then if nothing has been said since
    read as (
        select
            s.*,
            case when s.was_going_on then p.intent else a.intent end as intent,
            case when s.was_going_on then p.sentiment else a.sentiment end as sentiment,
            case when s.was_going_on then p.lead_probability else a.lead_probability end as lead_probability,
            case when s.was_going_on then p.visit_scheduled else a.visit_scheduled end as is_visit_agreed,
            case when s.was_going_on then p.visit_at else a.visit_at end as visit_at,
            row_number() over (
                partition by s.at, s.person_id
                order by s.last_customer_message_at desc nulls last, s.conversation_id collate "C" desc
            ) as latest
        from as_it_stood as s
        left join
            analysis.conversation_analysis as a
            on a.tenant_id = %(tenant_id)s
            and a.conversation_id = s.conversation_id
        left join
            analysis.earlier_readings as p
            on p.tenant_id = %(tenant_id)s
            and p.conversation_id = s.conversation_id
            and p.read_as_of = s.at
    ),

    -- of the talk in which the customer wrote last; and of all talks
    people as (
        select
            at,
            person_id,
            count(*) as conversations,
            min(created_at) as first_conversation_at,
            sum(customer_messages) as customer_messages,
            sum(customer_messages) filter (
                where last_customer_message_at > at - interval '7 days'
            ) as recent_customer_messages,
            sum(human_replies) as human_replies,
            sum(bot_replies) as bot_replies,
            max(last_customer_message_at) as last_customer_message_at,
            max(last_message_at) as last_message_at,
            max(lead_probability) as highest_lead_probability,
            bool_or(is_visit_agreed) filter (where last_message_at > at - interval '30 days') as has_agreed_visit,
            max(visit_at) filter (where last_message_at > at - interval '30 days') as visit_at,
            max(customer_messages) filter (where latest = 1) as talk_customer_messages,
            max(first_customer_message_at) filter (where latest = 1) as talk_first_message_at,
            max(last_message_at) filter (where latest = 1) as talk_last_message_at,
            max(last_resolved_at) filter (where latest = 1) as talk_resolved_at,
            max(first_reply_at) filter (where latest = 1) as talk_first_reply_at,
            max(first_human_reply_at) filter (where latest = 1) as talk_first_human_reply_at,
            max(handed_off_at) filter (where latest = 1 and handed_off_at <= at) as talk_handed_off_at,
            max(door) filter (where latest = 1) as door,
            max(playbook) filter (where latest = 1) as playbook,
            max(intent) filter (where latest = 1) as intent,
            max(sentiment) filter (where latest = 1) as sentiment,
            max(lead_probability) filter (where latest = 1) as lead_probability
        from read
        group by at, person_id
    ),

    -- a lead that the bot made later tells nothing yet
    leads as (
        select m.at, l.person_id, l.lead_id, l.created_at, l.channel, l.campaign_id, l.maturity_score
        from moments as m
        join marts.fct_leads as l on l.created_at <= m.at
        where l.tenant_id = %(tenant_id)s
    ),

    first_leads as (
        select distinct on (at, person_id) at, person_id, created_at, channel, campaign_id
        from leads
        order by at, person_id, created_at, lead_id collate "C"
    ),

    last_leads as (
        select distinct on (at, person_id) at, person_id, created_at, maturity_score
        from leads
        order by at, person_id, created_at desc, lead_id collate "C" desc
    ),

    -- as known then; what is known of a booking first was true since it was made, but that it was open until then
    booking_states as (
        select
            booking_id,
            status,
            scheduled_for,
            known_at,
            lead(known_at) over (partition by booking_id order by known_at) as replaced_at
        from ml.booking_states
        where tenant_id = %(tenant_id)s
        union all
        (
            select distinct on (booking_id) booking_id, 'booked', scheduled_for, '-infinity', known_at
            from ml.booking_states
            where tenant_id = %(tenant_id)s
            order by booking_id, known_at
        )
    ),

    bookings as (
        select m.at, l.person_id, s.scheduled_for, b.booked_at, s.status
        from moments as m
        join staging.stg_bot__procedure_bookings as b on b.booked_at <= m.at
        join marts.fct_leads as l on l.tenant_id = b.tenant_id and l.lead_id = b.lead_id
        join
            booking_states as s
            on s.booking_id = b.booking_id
            and s.known_at <= m.at
            and (s.replaced_at > m.at or s.replaced_at is null)
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

    customers as (
        select at, person_id
        from booking_sums
        where attended_bookings > 0
        union
        select l.at, l.person_id
        from leads as l
        join staging.stg_bot__leads as b on b.lead_id = l.lead_id
        where b.tenant_id = %(tenant_id)s and b.converted_at <= l.at
    ),

    open as (
        select at, person_id
        from people
        where last_customer_message_at > at - interval '90 days'
        union
        select at, person_id
        from last_leads
        where created_at > at - interval '90 days'
        except
        select at, person_id
        from customers
    )

select
    o.at,
    o.person_id,
    least(p.first_conversation_at, f.created_at) as first_contact_at,
    coalesce(p.conversations, 0) as conversations,
    coalesce(p.customer_messages, 0)::integer as customer_messages,
    coalesce(p.recent_customer_messages, 0)::integer as recent_customer_messages,
    coalesce(p.human_replies, 0)::integer as human_replies,
    coalesce(p.bot_replies, 0)::integer as bot_replies,
    p.last_customer_message_at,
    p.highest_lead_probability,
    coalesce(p.has_agreed_visit, false) as has_agreed_visit,
    p.visit_at,
    p.talk_customer_messages,
    p.talk_first_message_at,
    extract(epoch from p.talk_first_reply_at - p.talk_first_message_at)::float8 as first_reply_seconds,
    -- from the hand-off, where the bot began
    extract(
        epoch from p.talk_first_human_reply_at
        - case
            when p.talk_handed_off_at <= p.talk_first_human_reply_at
            then greatest(p.talk_handed_off_at, p.talk_first_message_at)
            else p.talk_first_message_at
        end
    )::float8 as first_human_reply_seconds,
    case
        when p.talk_last_message_at <= p.last_customer_message_at
        then 'customer'
        when p.talk_first_human_reply_at is not null
        then 'human'
        when p.talk_last_message_at is not null
        then 'bot'
    end as last_writer,
    coalesce(p.talk_resolved_at >= p.talk_last_message_at, false) as is_resolved,
    p.talk_handed_off_at is not null as is_handed_off,
    p.door,
    p.playbook,
    p.intent,
    p.sentiment,
    p.lead_probability,
    coalesce(f.channel, '(none)') as channel,
    f.campaign_id,
    l.maturity_score,
    coalesce(b.pending_bookings, 0) as pending_bookings,
    coalesce(b.failed_bookings, 0) as failed_bookings,
    b.next_booking_at,
    b.booked_at
from open as o
left join people as p on p.at = o.at and p.person_id = o.person_id
left join first_leads as f on f.at = o.at and f.person_id = o.person_id
left join last_leads as l on l.at = o.at and l.person_id = o.person_id
left join booking_sums as b on b.at = o.at and b.person_id = o.person_id
