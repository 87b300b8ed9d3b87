{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "person_id",
            "changed_by": [
                "int_people.person_id",
                "int_journeys.person_id",
                "dim_contact_pii.person_id",
                "people.person_id",
            ],
        },
        indexes=[
            {"columns": ["tenant_id", "cohort_date"]},
            {"columns": ["tenant_id", "customer_date"]},
        ],
    )
}}
{% set changed = key_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    people as (select * from {{ ref("int_people") }} where {{ changed }}),

    listed_leads as (select tenant_id, lead_id from {{ ref("stg_bot__leads") }}),

    personal as (select * from {{ ref("dim_contact_pii") }}),

    journeys as (select * from {{ ref("int_journeys") }}),

    members as (
        select
            p.tenant_id,
            p.person_id,
            count(p.contact_id) as contacts,
            count(l.lead_id) as leads
        from people as p
        left join
            listed_leads as l on l.tenant_id = p.tenant_id and l.lead_id = p.lead_id
        group by p.tenant_id, p.person_id
    ),

    joined as (
        select
            m.tenant_id,
            m.person_id,
            m.contacts,
            m.leads,
            d.initials,
            d.masked_phone,
            j.source_channel,
            coalesce(j.channel, '(none)') as channel,
            j.campaign_id,
            j.inbox_id,
            j.procedure,
            coalesce(j.conversations, 0) as conversations,
            coalesce(j.customer_messages, 0) as customer_messages,
            coalesce(j.bookings, 0) as bookings,
            j.first_contact_at,
            j.last_customer_message_at,
            j.lead_probability,
            j.first_contact_at is not null as is_in_funnel,
            coalesce(j.is_engaged, false) as is_engaged,
            coalesce(j.is_lead, false) as is_lead,
            coalesce(j.is_appointment, false) as is_appointment,
            coalesce(j.is_customer, false) as is_customer,
            j.engaged_at,
            j.lead_at,
            j.appointment_at,
            j.customer_since,
            coalesce(
                j.customer_since < j.first_contact_at, false
            ) as is_won_before_contact,
            j.customer_messages_to_customer,
            j.messages_to_customer,
            j.last_event,
            j.last_event_at
        from members as m
        left join
            personal as d on d.tenant_id = m.tenant_id and d.person_id = m.person_id
        left join
            journeys as j on j.tenant_id = m.tenant_id and j.person_id = m.person_id
    ),

    final as (
        select
            s.tenant_id,
            s.person_id,
            s.initials,
            s.masked_phone,
            s.contacts,
            s.leads,
            s.source_channel,
            s.channel,
            s.campaign_id,
            s.inbox_id,
            s.procedure,
            s.conversations,
            s.customer_messages,
            s.bookings,
            s.first_contact_at,
            {{ local_date("s.first_contact_at", "t.timezone") }} as cohort_date,
            s.last_customer_message_at,
            s.lead_probability,
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
            s.engaged_at,
            s.lead_at,
            s.appointment_at,
            s.customer_since,
            {{ local_date("s.customer_since", "t.timezone") }} as customer_date,
            case
                when not s.is_won_before_contact
                then
                    {{ local_date("s.customer_since", "t.timezone") }}
                    - {{ local_date("s.first_contact_at", "t.timezone") }}
            end as days_to_customer,
            s.is_won_before_contact,
            s.customer_messages_to_customer,
            s.messages_to_customer,
            s.last_event,
            s.last_event_at,
            {{ local_date("s.last_event_at", "t.timezone") }} as last_event_date
        from joined as s
        join tenants as t on t.tenant_id = s.tenant_id
    )

select *
from final
