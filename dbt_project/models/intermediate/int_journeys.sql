{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "person_id",
            "changed_by": [
                "int_people.person_id",
                "fct_conversations.person_id",
                "people.person_id",
            ],
        },
        pre_hook="{{ note_people(ref('int_people'), ref('fct_conversations')) }}",
        indexes=[{"columns": ["tenant_id", "person_id"], "unique": true}],
    )
}}
{% set changed = key_changed() if is_incremental() else "true" %}

with
    people as (select * from {{ ref("int_people") }} where {{ changed }}),

    leads as (
        select *
        from {{ ref("int_leads") }}
        {% if is_incremental() %}
            where (tenant_id, lead_id) in (select tenant_id, lead_id from people)
        {% endif %}
    ),

    bookings as (
        select *
        from {{ ref("int_bookings") }}
        {% if is_incremental() %}
            where (tenant_id, lead_id) in (select tenant_id, lead_id from people)
        {% endif %}
    ),

    conversations as (
        select *
        from {{ ref("fct_conversations") }}
        where person_id is not null and {{ changed }}
    ),

    events as (
        select *
        from {{ ref("int_conversation_events") }}
        where event_type in ('customer_message', 'human_reply', 'bot_reply')
    ),

    lead_sums as (
        select
            l.tenant_id,
            p.person_id,
            min(l.created_at) as first_lead_at,
            (array_agg(l.source_channel order by l.created_at, l.lead_id collate "C"))[
                1
            ] as source_channel,
            (array_agg(l.channel order by l.created_at, l.lead_id collate "C"))[
                1
            ] as channel,
            (array_agg(l.campaign_id order by l.created_at, l.lead_id collate "C"))[
                1
            ] as campaign_id,
            bool_or(l.is_qualified) as is_qualified,
            min(l.converted_at) as converted_at
        from leads as l
        join people as p on p.tenant_id = l.tenant_id and p.lead_id = l.lead_id
        group by l.tenant_id, p.person_id
    ),

    booking_sums as (
        select
            b.tenant_id,
            p.person_id,
            count(*) as bookings,
            min(b.booked_at) as first_booked_at,
            min(b.attended_at) as first_attended_at,
            (
                array_agg(
                    b.procedure order by b.booked_at, b.booking_id collate "C"
                ) filter (where b.procedure is not null)
            )[1] as procedure
        from bookings as b
        join people as p on p.tenant_id = b.tenant_id and p.lead_id = b.lead_id
        group by b.tenant_id, p.person_id
    ),

    talk_sums as (
        select
            tenant_id,
            person_id,
            count(*) as conversations,
            sum(customer_messages)::bigint as customer_messages,
            min(created_at) as first_conversation_at,
            (array_agg(inbox_id order by created_at, conversation_id collate "C"))[
                1
            ] as inbox_id,
            min(first_reply_at) as first_reply_at,
            max(last_customer_message_at) as last_customer_message_at,
            max(last_customer_message_at) > min(first_reply_at) as wrote_after_a_reply,
            coalesce(bool_or(is_lead), false) as is_lead,
            coalesce(bool_or(is_visit_scheduled), false) as has_agreed_visit,
            -- what the person last talked about says what they want now
            (
                array_agg(
                    lead_probability
                    order by
                        last_message_at desc nulls last,
                        created_at desc,
                        conversation_id collate "C" desc
                ) filter (where lead_probability is not null)
            )[1] as lead_probability,
            -- the analysis reads a talk as a whole: what it found was there by the
            -- customer's last message
            min(coalesce(last_customer_message_at, created_at)) filter (
                where is_lead
            ) as found_lead_at,
            min(coalesce(last_customer_message_at, created_at)) filter (
                where is_visit_scheduled
            ) as found_visit_at
        from conversations
        group by tenant_id, person_id
    ),

    talks as (
        select
            c.tenant_id,
            c.person_id,
            c.conversation_id,
            c.created_at,
            c.customer_messages,
            c.customer_messages + c.human_replies + c.bot_replies as messages,
            c.first_customer_message_at,
            c.last_customer_message_at,
            c.first_reply_at,
            c.first_message_after_reply_at,
            c.last_message_at,
            t.first_reply_at as person_replied_at,
            least(b.first_attended_at, l.converted_at) as customer_since
        from conversations as c
        join talk_sums as t on t.tenant_id = c.tenant_id and t.person_id = c.person_id
        left join
            lead_sums as l on l.tenant_id = c.tenant_id and l.person_id = c.person_id
        left join
            booking_sums as b on b.tenant_id = c.tenant_id and b.person_id = c.person_id
    ),

    -- few talks have to be looked into: those in which the person's first reply, given
    -- in another talk, or the moment of becoming a customer falls
    looked_into as (
        select
            t.tenant_id,
            t.conversation_id,
            min(e.occurred_at) filter (
                where
                    e.event_type = 'customer_message'
                    and e.occurred_at > t.person_replied_at
            ) as wrote_back_at,
            count(*) filter (
                where
                    e.event_type = 'customer_message'
                    and e.occurred_at < t.customer_since
            ) as customer_messages,
            count(*) filter (where e.occurred_at < t.customer_since) as messages
        from talks as t
        join
            events as e
            on e.tenant_id = t.tenant_id
            and e.conversation_id = t.conversation_id
        where
            (
                t.first_reply_at is distinct from t.person_replied_at
                and t.first_customer_message_at <= t.person_replied_at
                and t.last_customer_message_at > t.person_replied_at
            )
            or (
                t.created_at < t.customer_since
                and t.last_message_at >= t.customer_since
            )
        group by t.tenant_id, t.conversation_id
    ),

    told as (
        select
            t.tenant_id,
            t.person_id,
            min(
                case
                    when t.first_customer_message_at > t.person_replied_at
                    then t.first_customer_message_at
                    when t.first_reply_at = t.person_replied_at
                    then t.first_message_after_reply_at
                    else i.wrote_back_at
                end
            ) as wrote_back_at,
            sum(
                case
                    when t.last_message_at < t.customer_since
                    then t.customer_messages
                    when t.created_at < t.customer_since
                    then i.customer_messages
                    when t.customer_since is not null
                    then 0
                end
            )::bigint as customer_messages_to_customer,
            sum(
                case
                    when t.last_message_at < t.customer_since
                    then t.messages
                    when t.created_at < t.customer_since
                    then i.messages
                    when t.customer_since is not null
                    then 0
                end
            )::bigint as messages_to_customer
        from talks as t
        left join
            looked_into as i
            on i.tenant_id = t.tenant_id
            and i.conversation_id = t.conversation_id
        group by t.tenant_id, t.person_id
    ),

    happenings as (
        select tenant_id, person_id, last_event as event, last_event_at as happened_at
        from conversations
        union all
        select tenant_id, person_id, 'lead_created', first_lead_at
        from lead_sums
        union all
        -- when a booking was cancelled the source does not tell
        select
            b.tenant_id,
            p.person_id,
            'booking_' || b.status,
            case
                when b.status = 'no_show'
                then coalesce(b.scheduled_for, b.booked_at)
                else b.booked_at
            end
        from bookings as b
        join people as p on p.tenant_id = b.tenant_id and p.lead_id = b.lead_id
        where not b.is_attended
    ),

    last_happenings as (
        select distinct
            on (tenant_id, person_id)
            tenant_id,
            person_id,
            event,
            {{ whole_seconds("happened_at") }} as happened_at
        from happenings
        order by
            tenant_id,
            person_id,
            {{ whole_seconds("happened_at") }} desc,
            event collate "C" desc
    ),

    joined as (
        select
            h.tenant_id,
            h.person_id,
            l.source_channel,
            coalesce(l.channel, '(none)') as channel,
            l.campaign_id,
            t.inbox_id,
            b.procedure,
            coalesce(t.conversations, 0) as conversations,
            coalesce(t.customer_messages, 0) as customer_messages,
            coalesce(b.bookings, 0) as bookings,
            least(t.first_conversation_at, l.first_lead_at) as first_contact_at,
            t.last_customer_message_at,
            t.lead_probability,
            coalesce(t.wrote_after_a_reply, false) as has_written_back,
            coalesce(t.is_lead, false)
            or coalesce(l.is_qualified, false) as is_qualified,
            coalesce(t.has_agreed_visit, false)
            or b.bookings is not null as has_appointment,
            d.wrote_back_at,
            t.found_lead_at,
            least(t.found_visit_at, b.first_booked_at) as appointment_found_at,
            least(b.first_attended_at, l.converted_at) as customer_since,
            d.customer_messages_to_customer,
            d.messages_to_customer,
            h.event as last_event,
            h.happened_at as last_event_at
        from last_happenings as h
        left join
            talk_sums as t on t.tenant_id = h.tenant_id and t.person_id = h.person_id
        left join told as d on d.tenant_id = h.tenant_id and d.person_id = h.person_id
        left join
            lead_sums as l on l.tenant_id = h.tenant_id and l.person_id = h.person_id
        left join
            booking_sums as b on b.tenant_id = h.tenant_id and b.person_id = h.person_id
    ),

    -- who stands in a stage has been in all before it by then
    final as (
        select
            tenant_id,
            person_id,
            source_channel,
            channel,
            campaign_id,
            inbox_id,
            procedure,
            conversations,
            customer_messages,
            bookings,
            first_contact_at,
            last_customer_message_at,
            lead_probability,
            has_written_back
            or is_qualified
            or has_appointment
            or customer_since is not null as is_engaged,
            is_qualified or has_appointment or customer_since is not null as is_lead,
            has_appointment or customer_since is not null as is_appointment,
            customer_since is not null as is_customer,
            {{
                whole_seconds(
                    "least(wrote_back_at, found_lead_at, appointment_found_at, customer_since)"
                )
            }}
            as engaged_at,
            {{
                whole_seconds(
                    "least(found_lead_at, appointment_found_at, customer_since)"
                )
            }} as lead_at,
            {{ whole_seconds("least(appointment_found_at, customer_since)") }}
            as appointment_at,
            customer_since,
            case
                when customer_since is not null
                then coalesce(customer_messages_to_customer, 0)
            end as customer_messages_to_customer,
            case
                when customer_since is not null then coalesce(messages_to_customer, 0)
            end as messages_to_customer,
            last_event,
            last_event_at
        from joined
    )

select *
from final
