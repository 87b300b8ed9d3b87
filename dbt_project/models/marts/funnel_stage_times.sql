{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    people as (
        select * from {{ ref("dim_contacts") }} where is_in_funnel and {{ changed }}
    ),

    instants as not materialized(
        select
            tenant_id,
            date_trunc('month', cohort_date)::date as period_start,
            channel,
            {{ whole_seconds("first_contact_at") }} as contact_at,
            engaged_at,
            lead_at,
            appointment_at,
            {{ whole_seconds("customer_since") }} as customer_at
        from people
    ),

    -- what is said to have happened before the first contact is the source's error
    steps as (
        {% for step, began_at, ended_at in [
            ("contact_to_engaged", "contact_at", "engaged_at"),
            ("engaged_to_lead", "engaged_at", "lead_at"),
            ("lead_to_appointment", "lead_at", "appointment_at"),
            ("appointment_to_customer", "appointment_at", "customer_at"),
            ("contact_to_customer", "contact_at", "customer_at"),
        ] %}
            select
                tenant_id,
                period_start,
                channel,
                '{{ step }}' as step,
                {{ seconds_between(began_at, ended_at) }} as seconds
            from instants
            where {{ began_at }} >= contact_at and {{ ended_at }} >= {{ began_at }}
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
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
            avg(seconds)::double precision as mean_seconds,
            percentile_cont(0.5) within group (order by seconds) as median_seconds,
            percentile_cont(0.9) within group (order by seconds) as p90_seconds
        from steps
        group by tenant_id, step, cube (period_start, channel)
    )

select *
from final
