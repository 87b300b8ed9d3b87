{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    people as (
        select * from {{ ref("dim_contacts") }} where is_in_funnel and {{ changed }}
    ),

    instants as (
        select
            tenant_id,
            person_id,
            date_trunc('month', cohort_date)::date as period_start,
            channel,
            {{ whole_seconds("first_contact_at") }} as contact_at,
            engaged_at,
            lead_at,
            appointment_at,
            {{ whole_seconds("customer_since") }} as customer_at
        from people
    ),

    steps as (
        select i.tenant_id, i.period_start, i.channel, s.step, s.began_at, s.ended_at
        from instants as i
        cross join
            lateral(
                values
                    ('contact_to_engaged', i.contact_at, i.engaged_at),
                    ('engaged_to_lead', i.engaged_at, i.lead_at),
                    ('lead_to_appointment', i.lead_at, i.appointment_at),
                    ('appointment_to_customer', i.appointment_at, i.customer_at),
                    ('contact_to_customer', i.contact_at, i.customer_at)
            ) as s(step, began_at, ended_at)
        -- what is said to have happened before the first contact is the source's error
        where s.began_at >= i.contact_at and s.ended_at >= s.began_at
    ),

    final as (
        select
            tenant_id,
            case
                when grouping(period_start) = 0 then 'month' else 'total'
            end as period,
            period_start,
            coalesce(channel, '(all)') as channel,
            step,
            count(*) as people,
            avg({{ seconds_between("began_at", "ended_at") }})::double precision
            as mean_seconds,
            percentile_cont(0.5) within group (
                order by {{ seconds_between("began_at", "ended_at") }}
            ) as median_seconds,
            percentile_cont(0.9) within group (
                order by {{ seconds_between("began_at", "ended_at") }}
            ) as p90_seconds
        from steps
        group by tenant_id, step, cube (period_start, channel)
    )

select *
from final
