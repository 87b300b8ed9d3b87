{#-
    What the marts of return have in common: lines of money, each on the day and in the currency it belongs to, added up by
    day, ISO week, month and in total. A mart is `with {{ roi_by(dimension) }}` and its own ratios. Which periods a
    tick adds up again is noted before a mart is built (periods.sql).
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
        scope as (
            select tenant_id
            from tenants
            where {{ tenant_is_whole() }}
            union
            select tenant_id
            from
                ({{ changed_keys(model.config.meta.changed_by) }}) as k(
                    tenant_id, period
                )
        ),

        -- with a day of a period that is added up again
        months as (
            select k.tenant_id, date_trunc('month', d.day::timestamp)::date as month
            from
                ({{ changed_keys(model.config.meta.changed_by) }}) as k(
                    tenant_id, period
                )
            cross join
                lateral(
                    values
                        (split_part(k.period, ' ', 2)::date),
                        (split_part(k.period, ' ', 2)::date + 6)
                ) as d(day)
            where k.period like 'week %'
        ),
    {% endif %}

    costs as (select * from {{ ref("fct_campaign_costs") }} where {{ changed }}),

    bookings as not materialized(
        select * from {{ ref("fct_bookings") }} where {{ changed }}
    ),

    customers as (
        select *
        from {{ ref("dim_contacts") }}
        where is_in_funnel and is_customer and {{ changed }}
    ),

    {% if not dimension %}
        -- from the first day on which anything is known, through the source's today
        owned_days as (
            select t.tenant_id, t.owner_cost_per_month as amount, d.day::date as day
            from tenants as t
            join clocks as k on k.tenant_id = t.tenant_id
            cross join
                lateral generate_series(
                    {{ first_owned_day("t.tenant_id") }}::timestamp,
                    k.clock_date::timestamp,
                    interval '1 day'
                ) as d(day)
            where
                t.owner_cost_per_month > 0
                {% if is_incremental() %}
                    and t.tenant_id in (select tenant_id from scope)
                {% endif %}
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

    all_lines as (
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
        from customers as p
        join tenants as t on t.tenant_id = p.tenant_id
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

    lines as (
        select *
        from all_lines
        {% if is_incremental() %}
            where
                {{ tenant_is_whole() }}
                or (tenant_id, date_trunc('month', day::timestamp)::date)
                in (select tenant_id, month from months)
        {% endif %}
    ),

    -- found first: of all pairs of a line and a period, most are not wanted
    periods as materialized(
        select d.tenant_id, d.day, p.period, p.period_start
        from (select distinct tenant_id, day from lines) as d
        cross join
            lateral(
                values
                    ('day', d.day),
                    ('week', date_trunc('week', d.day::timestamp)::date),
                    ('month', date_trunc('month', d.day::timestamp)::date)
                    {% if not is_incremental() %}, ('total', null) {% endif %}
            ) as p(period, period_start)
        {% if is_incremental() %} where {{ key_changed() }} {% endif %}
    ),

    summed_lines as (
        select
            l.tenant_id,
            p.period,
            p.period_start,
            {{ "l." ~ by if by }} l.currency,
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
        from lines as l
        join periods as p on p.tenant_id = l.tenant_id and p.day = l.day
        group by l.tenant_id, p.period, p.period_start, {{ "l." ~ by if by }} l.currency
    ),

    {% if is_incremental() %}
        payers as (
            select
                tenant_id,
                {{ by }} currency,
                count(distinct person_id) as paying_customers,
                sum(revenue)::double precision as revenue_of_people
            from bookings
            where is_attended and person_id is not null
            group by tenant_id, {{ by }} currency
        ),

        -- the months again: all but who paid in several of them adds up
        summed_months as (
            select *
            from summed_lines
            where period = 'month'
            union all
            select
                tenant_id,
                period,
                period_start,
                {{ by }} currency,
                campaign_days,
                cost,
                {{ "owner_cost" if not dimension else "0" }},
                revenue,
                attended_bookings,
                pipeline,
                open_bookings,
                overdue_pipeline,
                overdue_bookings,
                customers,
                paying_customers,
                average_value_per_customer
            from {{ this }}
            where period = 'month' and {{ changed }} and not {{ key_changed() }}
        ),

        totals as (
            select
                m.tenant_id,
                'total',
                null::date,
                {{ "m." ~ by if by }} m.currency,
                sum(m.campaign_days)::bigint,
                sum(m.cost)::numeric(18, 2),
                sum(m.owner_cost)::numeric(18, 2),
                sum(m.revenue)::numeric(18, 2),
                sum(m.attended_bookings)::bigint,
                sum(m.pipeline)::numeric(18, 2),
                sum(m.open_bookings)::bigint,
                sum(m.overdue_pipeline)::numeric(18, 2),
                sum(m.overdue_bookings)::bigint,
                sum(m.customers)::bigint,
                coalesce(max(p.paying_customers), 0),
                max(p.revenue_of_people) / max(p.paying_customers)
            from summed_months as m
            left join
                payers as p on p.tenant_id = m.tenant_id and p.currency = m.currency
                {% if dimension %}
                    and p.{{ dimension }} is not distinct from m.{{ dimension }}
                {% endif %}
            group by m.tenant_id, {{ "m." ~ by if by }} m.currency
        ),

        summed as (
            select *
            from summed_lines
            union all
            select *
            from totals
        ),
    {% else %} summed as (select * from summed_lines),
    {% endif %}

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
