{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "booking_id",
            "changed_by": ["bookings.booking_id"],
            "changed_through": ["fct_leads.lead_id", "int_people.lead_id"],
        },
        pre_hook="{{ note_bookings(ref('int_clocks')) }}",
        indexes=[
            {"columns": ["tenant_id", "attended_date"]},
            {"columns": ["tenant_id", "lead_id"]},
            {"columns": ["tenant_id", "source_lead_id"]},
            {"columns": ["tenant_id", "person_id"]},
        ],
    )
}}
{% set changed = key_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    clocks as (select * from {{ ref("int_clocks") }}),

    bookings as (select * from {{ ref("int_bookings") }} where {{ changed }}),

    leads as (select * from {{ ref("fct_leads") }}),

    people as (select * from {{ ref("int_people") }}),

    dated as (
        select
            b.*,
            {{ local_date("coalesce(b.scheduled_for, b.booked_at)", "t.timezone") }}
            as scheduled_date
        from bookings as b
        join tenants as t on t.tenant_id = b.tenant_id
    ),

    final as (
        select
            b.tenant_id,
            b.booking_id,
            -- a booking may name a lead that the source no longer has
            l.lead_id,
            b.lead_id as source_lead_id,
            -- whose talk may still be there
            p.person_id,
            b.channel,
            b.campaign_id,
            b.procedure,
            b.status,
            b.currency,
            b.value,
            case when b.is_attended then coalesce(b.value, 0) else 0 end::numeric(
                18, 2
            ) as revenue,
            case when b.status = 'booked' then coalesce(b.value, 0) else 0 end::numeric(
                18, 2
            ) as pipeline,
            b.booked_at,
            {{ local_date("b.booked_at", "t.timezone") }} as booked_date,
            b.scheduled_for,
            b.scheduled_date,
            b.status = 'booked'
            and b.scheduled_for is not null
            and coalesce(b.scheduled_date < k.clock_date, false) as is_overdue,
            b.is_attended,
            b.attended_at,
            {{ local_date("b.attended_at", "t.timezone") }} as attended_date,
            b.is_attended and b.value is null as is_attended_without_value
        from dated as b
        join tenants as t on t.tenant_id = b.tenant_id
        left join clocks as k on k.tenant_id = b.tenant_id
        left join leads as l on l.tenant_id = b.tenant_id and l.lead_id = b.lead_id
        left join people as p on p.tenant_id = b.tenant_id and p.lead_id = b.lead_id
    )

select *
from final
