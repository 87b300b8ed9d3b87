{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    customers as (
        select
            tenant_id,
            date_trunc('month', cohort_date)::date as period_start,
            channel,
            days_to_customer as days,
            case
                when not is_won_before_contact then messages_to_customer
            end as messages,
            case
                when not is_won_before_contact then customer_messages_to_customer
            end as customer_messages
        from {{ ref("dim_contacts") }}
        where is_in_funnel and is_customer and {{ changed }}
    ),

    final as (
        select
            tenant_id,
            case
                when grouping(period_start) = 0 then 'month' else 'total'
            end as period,
            period_start,
            coalesce(channel, '(all)') as channel,
            count(*) as customers,
            count(days) as timed_customers,
            count(*) filter (where days = 0) as same_day,
            count(*) filter (where days between 1 and 7) as days_1_to_7,
            count(*) filter (where days between 8 and 30) as days_8_to_30,
            count(*) filter (where days between 31 and 90) as days_31_to_90,
            count(*) filter (where days > 90) as over_90_days,
            avg(days)::double precision as mean_days,
            percentile_cont(0.5) within group (order by days) as median_days,
            percentile_cont(0.9) within group (order by days) as p90_days,
            avg(messages)::double precision as mean_messages,
            percentile_cont(0.5) within group (order by messages) as median_messages,
            percentile_cont(0.9) within group (order by messages) as p90_messages,
            avg(customer_messages)::double precision as mean_customer_messages
        from customers
        group by tenant_id, cube (period_start, channel)
    )

select *
from final
