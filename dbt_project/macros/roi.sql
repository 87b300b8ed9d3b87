{#-
    What the marts of return have in common: lines of money, each on the day and in the currency it belongs to, added up by
    day, ISO week, month and in total. A mart is `with {{ roi_by(dimension) }}` and its own ratios.
-#}
{% macro roi_by(dimension=none) %}
    {%- set by = dimension ~ "," if dimension else "" -%}
    {%- set changed = (
        "tenant_id in (select tenant_id from scope)"
        if is_incremental()
        else "true"
    ) -%}
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    clocks as (select * from {{ ref("int_clocks") }}),

    {% if is_incremental() %}
        -- besides what changed: tenants in which something has become overdue, or whose
        -- owner has paid for another day
        scope as (
            select tenant_id
            from {{ ref("stg_config__tenants") }}
            where {{ tenant_changed() }}
            union
            select tenant_id
            from
                (
                    select tenant_id, count(*) as overdue
                    from {{ ref("fct_bookings") }}
                    where is_overdue and {{ tenant_requested() }}
                    group by tenant_id
                ) as now
            full join
                (
                    select tenant_id, sum(overdue_bookings) as overdue
                    from {{ this }}
                    where period = 'total' and {{ tenant_requested() }}
                    group by tenant_id
                ) as stored using (tenant_id)
            where coalesce(now.overdue, 0) <> coalesce(stored.overdue, 0)
            {% if not dimension %}
                union
                select t.tenant_id
                from {{ ref("stg_config__tenants") }} as t
                join {{ ref("int_clocks") }} as k on k.tenant_id = t.tenant_id
                left join
                    (
                        select
                            tenant_id,
                            max(period_start) filter (where owner_cost > 0) as paid_to
                        from {{ this }}
                        where period = 'day'
                        group by tenant_id
                    ) as stored
                    on stored.tenant_id = t.tenant_id
                where
                    {{ tenant_requested("t.tenant_id") }}
                    and t.owner_cost_per_month > 0
                    and stored.paid_to is distinct from k.clock_date
            {% endif %}
        ),
    {% endif %}

    costs as (select * from {{ ref("fct_campaign_costs") }} where {{ changed }}),

    bookings as (select * from {{ ref("fct_bookings") }} where {{ changed }}),

    people as (
        select * from {{ ref("dim_contacts") }} where is_in_funnel and {{ changed }}
    ),

    {% if not dimension %}
        -- from the first day on which anything is known, through the source's today
        owned_days as (
            select f.tenant_id, t.owner_cost_per_month as amount, d.day::date as day
            from
                (
                    select tenant_id, min(day) as first_day
                    from
                        (
                            select tenant_id, min(cohort_date) as day
                            from people
                            group by tenant_id
                            union all
                            select tenant_id, min(cost_date)
                            from costs
                            group by tenant_id
                        ) as first_days
                    group by tenant_id
                ) as f
            join tenants as t on t.tenant_id = f.tenant_id
            join clocks as k on k.tenant_id = f.tenant_id
            cross join
                lateral generate_series(
                    f.first_day::timestamp, k.clock_date::timestamp, interval '1 day'
                ) as d(day)
            where t.owner_cost_per_month > 0
        ),

        -- a day's share, so that the shares of a month are its cost to the cent
        owner_shares as (
            select
                tenant_id,
                day,
                round(amount * extract(day from day) / days, 2)
                - round(amount * (extract(day from day) - 1) / days, 2) as owner_cost
            from
                (
                    select
                        *,
                        extract(
                            day
                            from
                                date_trunc('month', day)
                                + interval '1 month'
                                - interval '1 day'
                        ) as days
                    from owned_days
                ) as months
        ),
    {% endif %}

    lines as (
        select
            tenant_id,
            cost_date as day,
            {{ by }} currency,
            1 as campaign_days,
            cost,
            0::numeric as owner_cost,
            0::numeric as revenue,
            0 as attended_bookings,
            0::numeric as pipeline,
            0 as open_bookings,
            0::numeric as overdue_pipeline,
            0 as overdue_bookings,
            0 as customers,
            null as paid_by,
            0::numeric as revenue_of_people
        from costs
        union all
        select
            tenant_id,
            attended_date,
            {{ by }} currency,
            0,
            0,
            0,
            revenue,
            1,
            0,
            0,
            0,
            0,
            0,
            person_id,
            case when person_id is not null then revenue else 0 end
        from bookings
        where is_attended
        union all
        select
            tenant_id,
            scheduled_date,
            {{ by }} currency,
            0,
            0,
            0,
            0,
            0,
            pipeline,
            1,
            case when is_overdue then pipeline else 0 end,
            is_overdue::int,
            0,
            null,
            0
        from bookings
        where status = 'booked'
        union all
        -- a customer has no currency: it stands in the row of the tenant's
        select
            p.tenant_id,
            p.customer_date,
            {{ "p." ~ by if dimension }} t.currency,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            1,
            null,
            0
        from people as p
        join tenants as t on t.tenant_id = p.tenant_id
        where p.is_customer
        {% if not dimension %}
            union all
            select
                o.tenant_id,
                o.day,
                t.currency,
                0,
                0,
                o.owner_cost,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                null,
                0
            from owner_shares as o
            join tenants as t on t.tenant_id = o.tenant_id
        {% endif %}
    ),

    summed as (
        select
            tenant_id,
            period,
            period_start,
            {{ by }} currency,
            sum(campaign_days)::bigint as campaign_days,
            sum(cost)::numeric(18, 2) as cost,
            sum(owner_cost)::numeric(18, 2) as owner_cost,
            sum(revenue)::numeric(18, 2) as revenue,
            sum(attended_bookings)::bigint as attended_bookings,
            sum(pipeline)::numeric(18, 2) as pipeline,
            sum(open_bookings)::bigint as open_bookings,
            sum(overdue_pipeline)::numeric(18, 2) as overdue_pipeline,
            sum(overdue_bookings)::bigint as overdue_bookings,
            sum(customers)::bigint as customers,
            count(distinct paid_by) as paying_customers,
            sum(revenue_of_people)::double precision
            / nullif(count(distinct paid_by), 0) as average_value_per_customer
        from lines
        cross join
            lateral(
                values
                    ('day', day),
                    ('week', date_trunc('week', day::timestamp)::date),
                    ('month', date_trunc('month', day::timestamp)::date),
                    ('total', null)
            ) as periods(period, period_start)
        group by tenant_id, period, period_start, {{ by }} currency
    ),

    rated as (
        select
            *,
            ((revenue - cost) * 100)::double precision
            / nullif(cost, 0)::double precision as roi_pct,
            cost::double precision / nullif(customers, 0) as cac
        from summed
    )
{% endmacro %}

{% macro roi_figures() -%}
    campaign_days,
    cost,
    revenue,
    attended_bookings,
    pipeline,
    open_bookings,
    overdue_pipeline,
    overdue_bookings,
    customers,
    paying_customers,
    average_value_per_customer,
    roi_pct,
    cac
{%- endmacro %}
