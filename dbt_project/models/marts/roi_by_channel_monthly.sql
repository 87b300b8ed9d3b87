{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    costs as (
        select
            tenant_id,
            date_trunc('month', cost_date)::date as month,
            channel,
            currency,
            sum(cost) as cost
        from {{ ref("fct_campaign_costs") }}
        where {{ changed }}
        group by tenant_id, date_trunc('month', cost_date), channel, currency
    ),

    revenues as (
        select
            tenant_id,
            date_trunc('month', attended_date)::date as month,
            channel,
            currency,
            sum(revenue) as revenue,
            count(*) as attended_bookings
        from {{ ref("fct_bookings") }}
        where is_attended and {{ changed }}
        group by tenant_id, date_trunc('month', attended_date), channel, currency
    ),

    -- a customer has no currency: it stands in the row of the tenant's
    customers as (
        select
            c.tenant_id,
            date_trunc('month', c.customer_date)::date as month,
            c.channel,
            t.currency,
            count(*) as customers
        from {{ ref("dim_contacts") }} as c
        join tenants as t on t.tenant_id = c.tenant_id
        where
            c.is_customer
            and c.is_in_funnel
            and {{ changed | replace("tenant_id", "c.tenant_id") }}
        group by
            c.tenant_id, date_trunc('month', c.customer_date), c.channel, t.currency
    ),

    parts as (
        select
            tenant_id,
            month,
            channel,
            currency,
            cost,
            0 as revenue,
            0 as attended_bookings,
            0 as customers
        from costs
        union all
        select tenant_id, month, channel, currency, 0, revenue, attended_bookings, 0
        from revenues
        union all
        select tenant_id, month, channel, currency, 0, 0, 0, customers
        from customers
    ),

    summed as (
        select
            tenant_id,
            month,
            channel,
            currency,
            sum(cost)::numeric(18, 2) as cost,
            sum(revenue)::numeric(18, 2) as revenue,
            sum(attended_bookings)::bigint as attended_bookings,
            sum(customers)::bigint as customers
        from parts
        group by tenant_id, month, channel, currency
    ),

    final as (
        select
            tenant_id,
            month,
            channel,
            currency,
            cost,
            revenue,
            attended_bookings,
            customers,
            ((revenue - cost) * 100)::double precision
            / nullif(cost, 0)::double precision as roi_pct,
            cost::double precision / nullif(customers, 0) as cac
        from summed
    )

select *
from final
