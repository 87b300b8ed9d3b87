{{
    config(
        incremental_strategy="replace_tenants",
        indexes=[{"columns": ["tenant_id", "cohort_date"]}],
    )
}}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    people as (
        select * from {{ ref("dim_contacts") }} where is_in_funnel and {{ changed }}
    ),

    counted as (
        select
            tenant_id,
            cohort_date,
            channel,
            campaign_id,
            inbox_id,
            procedure,
            count(*) as contacts,
            count(*) filter (where is_engaged) as engaged,
            count(*) filter (where is_lead) as leads,
            count(*) filter (where is_appointment) as appointments,
            count(*) filter (where is_customer) as customers
        from people
        group by tenant_id, cohort_date, channel, campaign_id, inbox_id, procedure
    ),

    converted as (
        select
            *,
            engaged::double precision / nullif(contacts, 0) as contact_to_engaged,
            leads::double precision / nullif(engaged, 0) as engaged_to_lead,
            appointments::double precision / nullif(leads, 0) as lead_to_appointment,
            customers::double precision
            / nullif(appointments, 0) as appointment_to_customer,
            customers::double precision / nullif(contacts, 0) as contact_to_customer
        from counted
    ),

    final as (
        select
            tenant_id,
            cohort_date,
            channel,
            campaign_id,
            inbox_id,
            procedure,
            contacts,
            engaged,
            leads,
            appointments,
            customers,
            contact_to_engaged,
            engaged_to_lead,
            lead_to_appointment,
            appointment_to_customer,
            contact_to_customer,
            1 - contact_to_engaged as contact_to_engaged_drop_off,
            1 - engaged_to_lead as engaged_to_lead_drop_off,
            1 - lead_to_appointment as lead_to_appointment_drop_off,
            1 - appointment_to_customer as appointment_to_customer_drop_off,
            1 - contact_to_customer as contact_to_customer_drop_off
        from converted
    )

select *
from final
