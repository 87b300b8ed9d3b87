{{ config(incremental_strategy="replace_tenants") }}
{% set changed = (
    "tenant_id in (select tenant_id from scope)"
    if is_incremental()
    else "true"
) %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    clocks as (select * from {{ ref("int_clocks") }}),

    {% if is_incremental() %}
        -- besides what changed: tenants for whom another day has begun, which one of
        -- their currencies may have already
        scope as (
            select tenant_id
            from tenants
            where {{ tenant_changed() }}
            union
            select stored.tenant_id
            from {{ this }} as stored
            join clocks as k on k.tenant_id = stored.tenant_id
            where {{ tenant_requested("stored.tenant_id") }}
            group by stored.tenant_id, stored.currency, k.clock_date
            having
                count(*) filter (where stored.revenue_date <= k.clock_date)
                <= k.clock_date - min(stored.revenue_date)
        ),
    {% endif %}

    bookings as (
        select * from {{ ref("fct_bookings") }} where is_attended and {{ changed }}
    ),

    attended as (
        select
            tenant_id,
            attended_date as revenue_date,
            currency,
            sum(revenue) as revenue,
            count(*) as attended_bookings,
            count(distinct person_id) as paying_customers
        from bookings
        group by tenant_id, attended_date, currency
    ),

    -- every day through the source's today, and what stands on later ones
    days as (
        select a.tenant_id, a.currency, d.day::date as revenue_date
        from
            (
                select tenant_id, currency, min(revenue_date) as first_date
                from attended
                group by tenant_id, currency
            ) as a
        join clocks as k on k.tenant_id = a.tenant_id
        cross join
            lateral generate_series(
                a.first_date::timestamp, k.clock_date::timestamp, interval '1 day'
            ) as d(day)
        union
        select tenant_id, currency, revenue_date
        from attended
    ),

    filled as (
        select
            d.tenant_id,
            d.revenue_date,
            d.currency,
            coalesce(a.revenue, 0) as revenue,
            coalesce(a.attended_bookings, 0) as attended_bookings,
            coalesce(a.paying_customers, 0) as paying_customers
        from days as d
        left join
            attended as a
            on a.tenant_id = d.tenant_id
            and a.revenue_date = d.revenue_date
            and a.currency = d.currency
    ),

    added_up as (
        select
            *,
            sum(revenue) over (
                partition by
                    tenant_id, currency, date_trunc('month', revenue_date::timestamp)
                order by revenue_date
            ) as revenue_month_to_date
        from filled
    ),

    -- by the calendar, not by rows; of a longer month the last days are compared with
    -- the shorter one's last
    compared as (
        select
            *,
            max(revenue_month_to_date) over (
                partition by tenant_id, currency
                order by
                    revenue_date
                    range
                    between interval '1 month' preceding
                    and interval '1 month' preceding
            ) as revenue_previous_month_to_date,
            max(revenue) over (
                partition by tenant_id, currency
                order by
                    revenue_date
                    range
                    between interval '7 days' preceding and interval '7 days' preceding
            ) as revenue_week_before
        from added_up
    ),

    final as (
        select
            tenant_id,
            revenue_date,
            currency,
            revenue::numeric(18, 2) as revenue,
            attended_bookings,
            paying_customers,
            revenue_month_to_date::numeric(18, 2) as revenue_month_to_date,
            revenue_previous_month_to_date::numeric(
                18, 2
            ) as revenue_previous_month_to_date,
            (revenue_month_to_date - revenue_previous_month_to_date)::double precision
            / nullif(revenue_previous_month_to_date, 0)::double precision
            as month_to_date_change,
            revenue_week_before::numeric(18, 2) as revenue_week_before
        from compared
    )

select *
from final
