{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "facets": {
                "matrix": [
                    "channel",
                    "maturity_score",
                    "quadrant",
                    "is_customer",
                    "is_open",
                ]
            },
            "key": "person_id",
            "changed_by": [
                "int_people.person_id",
                "dim_contacts.person_id",
                "people.person_id",
            ],
        },
        indexes=[
            {"columns": ["tenant_id", "person_id"]},
            {"columns": ["tenant_id", "created_date"]},
        ],
    )
}}
{% set changed = key_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    leads as (select * from {{ ref("int_leads") }}),

    people as (select * from {{ ref("int_people") }} where {{ changed }}),

    contacts as (select * from {{ ref("dim_contacts") }}),

    bookings as (
        select
            tenant_id,
            lead_id,
            count(*) as bookings,
            count(*) filter (where is_attended) as attended_bookings,
            min(attended_at) as first_attended_at
        from {{ ref("int_bookings") }}
        {% if is_incremental() %}
            where (tenant_id, lead_id) in (select tenant_id, lead_id from people)
        {% endif %}
        group by tenant_id, lead_id
    ),

    dated as (
        select
            l.tenant_id,
            l.lead_id,
            p.person_id,
            l.source_channel,
            l.channel,
            l.campaign_id,
            l.status,
            l.maturity_score,
            c.lead_probability,
            l.created_at,
            {{ local_date("l.created_at", "t.timezone") }} as created_date,
            c.first_contact_at,
            {{ local_date("c.first_contact_at", "t.timezone") }} as first_contact_date,
            least(b.first_attended_at, l.converted_at) as converted_at,
            {{ local_date("least(b.first_attended_at, l.converted_at)", "t.timezone") }}
            as converted_date,
            coalesce(b.bookings, 0) as bookings,
            coalesce(b.attended_bookings, 0) as attended_bookings,
            c.conversations,
            c.customer_messages,
            c.last_customer_message_at,
            {{ local_date("c.last_customer_message_at", "t.timezone") }}
            as last_customer_message_date
        from leads as l
        join tenants as t on t.tenant_id = l.tenant_id
        join people as p on p.tenant_id = l.tenant_id and p.lead_id = l.lead_id
        join contacts as c on c.tenant_id = p.tenant_id and c.person_id = p.person_id
        left join bookings as b on b.tenant_id = l.tenant_id and b.lead_id = l.lead_id
    ),

    final as (
        select
            tenant_id,
            lead_id,
            person_id,
            source_channel,
            channel,
            campaign_id,
            status,
            maturity_score,
            lead_probability,
            case
                when maturity_score is null or lead_probability is null
                then null
                when
                    maturity_score >= {{ var("high_maturity_score") }}
                    and lead_probability >= {{ var("high_lead_probability") }}
                then 'CONVERT'
                when maturity_score >= {{ var("high_maturity_score") }}
                then 'NURTURE'
                when lead_probability >= {{ var("high_lead_probability") }}
                then 'PUSH'
                else 'DISCARD'
            end as quadrant,
            created_at,
            created_date,
            first_contact_at,
            first_contact_date,
            converted_at,
            converted_date,
            converted_at is not null as is_customer,
            converted_at is null and status not in ('converted', 'lost') as is_open,
            case
                when converted_at >= first_contact_at
                then converted_date - first_contact_date
            end as days_to_conversion,
            coalesce(converted_at < first_contact_at, false) as is_won_before_contact,
            bookings,
            attended_bookings,
            conversations,
            customer_messages,
            last_customer_message_at,
            last_customer_message_date
        from dated
    )

select *
from final
