{{
    config(
        incremental_strategy="replace_tenants",
        indexes=[
            {"columns": ["tenant_id", "cohort_date"]},
            {"columns": ["tenant_id", "customer_date"]},
        ],
    )
}}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    people as (select * from {{ ref("int_people") }} where {{ changed }}),

    contacts as (select * from {{ ref("stg_chatwoot__contacts") }} where {{ changed }}),

    lead_names as (select * from {{ ref("stg_bot__leads") }} where {{ changed }}),

    leads as (select * from {{ ref("int_leads") }} where {{ changed }}),

    bookings as (select * from {{ ref("int_bookings") }} where {{ changed }}),

    conversations as (select * from {{ ref("fct_conversations") }} where {{ changed }}),

    members as (
        select
            p.tenant_id,
            p.person_id,
            count(p.contact_id) as contacts,
            count(l.lead_id) as leads,
            -- the name and phone of the member that the person is named after, else
            -- of any other
            (
                array_agg(
                    coalesce(c.contact_name, l.lead_name)
                    order by p.contact_id nulls last, p.lead_id collate "C"
                ) filter (where coalesce(c.contact_name, l.lead_name) ~ '[[:alpha:]]')
            )[1] as name,
            max(coalesce(c.phone_e164, l.phone_e164)) as phone_e164
        from people as p
        left join
            contacts as c on c.tenant_id = p.tenant_id and c.contact_id = p.contact_id
        left join lead_names as l on l.tenant_id = p.tenant_id and l.lead_id = p.lead_id
        group by p.tenant_id, p.person_id
    ),

    talks as (
        select
            tenant_id,
            person_id,
            count(*) as conversations,
            sum(customer_messages)::bigint as customer_messages,
            min(created_at) as first_conversation_at,
            max(last_customer_message_at) as last_customer_message_at,
            max(last_customer_message_at) > min(first_reply_at) as wrote_after_a_reply,
            coalesce(bool_or(is_lead), false) as is_lead,
            coalesce(bool_or(is_visit_scheduled), false) as has_agreed_visit
        from conversations
        where person_id is not null
        group by tenant_id, person_id
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
            min(b.attended_at) as first_attended_at
        from bookings as b
        join people as p on p.tenant_id = b.tenant_id and p.lead_id = b.lead_id
        group by b.tenant_id, p.person_id
    ),

    joined as (
        select
            m.tenant_id,
            m.person_id,
            m.contacts,
            m.leads,
            m.name,
            m.phone_e164,
            l.source_channel,
            coalesce(l.channel, '(none)') as channel,
            l.campaign_id,
            coalesce(t.conversations, 0) as conversations,
            coalesce(t.customer_messages, 0) as customer_messages,
            coalesce(b.bookings, 0) as bookings,
            least(t.first_conversation_at, l.first_lead_at) as first_contact_at,
            t.last_customer_message_at,
            least(b.first_attended_at, l.converted_at) as customer_since,
            coalesce(t.wrote_after_a_reply, false) as wrote_after_a_reply,
            coalesce(t.is_lead, false)
            or coalesce(l.is_qualified, false) as is_qualified,
            coalesce(t.has_agreed_visit, false)
            or b.bookings is not null as has_appointment
        from members as m
        left join talks as t on t.tenant_id = m.tenant_id and t.person_id = m.person_id
        left join
            lead_sums as l on l.tenant_id = m.tenant_id and l.person_id = m.person_id
        left join
            booking_sums as b on b.tenant_id = m.tenant_id and b.person_id = m.person_id
    ),

    -- a stage implies all before it
    staged as (
        select
            j.*,
            j.first_contact_at is not null as is_in_funnel,
            j.wrote_after_a_reply
            or j.is_qualified
            or j.has_appointment
            or j.customer_since is not null as is_engaged,
            j.is_qualified
            or j.has_appointment
            or j.customer_since is not null as is_lead,
            j.has_appointment or j.customer_since is not null as is_appointment,
            j.customer_since is not null as is_customer,
            coalesce(
                j.customer_since < j.first_contact_at, false
            ) as is_won_before_contact
        from joined as j
    ),

    final as (
        select
            s.tenant_id,
            s.person_id,
            upper(
                left(btrim(s.name), 1)
                || coalesce(left(substring(btrim(s.name), '\s(\S+)$'), 1), '')
            ) as initials,
            '*' || right(s.phone_e164, 4) as masked_phone,
            s.contacts,
            s.leads,
            s.source_channel,
            s.channel,
            s.campaign_id,
            s.conversations,
            s.customer_messages,
            s.bookings,
            s.first_contact_at,
            {{ local_date("s.first_contact_at", "t.timezone") }} as cohort_date,
            s.last_customer_message_at,
            s.is_in_funnel,
            s.is_engaged,
            s.is_lead,
            s.is_appointment,
            s.is_customer,
            case
                when s.is_customer
                then 'customer'
                when s.is_appointment
                then 'appointment'
                when s.is_lead
                then 'lead'
                when s.is_engaged
                then 'engaged'
                when s.is_in_funnel
                then 'contact'
            end as stage,
            s.customer_since,
            {{ local_date("s.customer_since", "t.timezone") }} as customer_date,
            case
                when not s.is_won_before_contact
                then
                    {{ local_date("s.customer_since", "t.timezone") }}
                    - {{ local_date("s.first_contact_at", "t.timezone") }}
            end as days_to_customer,
            s.is_won_before_contact
        from staged as s
        join tenants as t on t.tenant_id = s.tenant_id
    )

select *
from final
