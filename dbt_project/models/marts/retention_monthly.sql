{{ config(incremental_strategy="replace_tenants") }}
{% set changed = (
    "tenant_id in (select tenant_id from scope)"
    if is_incremental()
    else "true"
) %}

with
    clocks as (select * from {{ ref("int_clocks") }}),

    -- the month up to which cohorts are followed; each end is one look into an index
    last_months as (
        select
            k.tenant_id,
            date_trunc(
                'month',
                greatest(
                    k.clock_date,
                    (
                        select max(d.wrote_on)
                        from {{ ref("int_customer_days") }} as d
                        where d.tenant_id = k.tenant_id
                    ),
                    (
                        select max(p.cohort_date)
                        from {{ ref("dim_contacts") }} as p
                        where p.tenant_id = k.tenant_id
                    )
                )
            )::date as last_month
        from clocks as k
        where {{ tenant_requested("k.tenant_id") }}
    ),

    {% if is_incremental() %}
        -- besides what changed: tenants for whom a month has begun
        scope as (
            select tenant_id
            from clocks
            where {{ tenant_changed() }}
            union
            select stored.tenant_id
            from
                (
                    select tenant_id, max(month) as last_month
                    from {{ this }}
                    where {{ tenant_requested() }}
                    group by tenant_id
                ) as stored
            join last_months as m on m.tenant_id = stored.tenant_id
            where stored.last_month is distinct from m.last_month
        ),
    {% endif %}

    people as (
        select
            tenant_id, person_id, date_trunc('month', cohort_date)::date as cohort_month
        from {{ ref("dim_contacts") }}
        where is_in_funnel and {{ changed }}
    ),

    customer_days as (select * from {{ ref("int_customer_days") }} where {{ changed }}),

    active_months as (
        select distinct
            tenant_id, person_id, date_trunc('month', wrote_on)::date as month
        from customer_days
        where person_id is not null
    ),

    cohorts as (
        select tenant_id, cohort_month, count(*) as people
        from people
        group by tenant_id, cohort_month
    ),

    months as (
        select c.tenant_id, c.cohort_month, c.people, m::date as month
        from cohorts as c
        join last_months as l on l.tenant_id = c.tenant_id
        cross join
            generate_series(
                c.cohort_month::timestamp, l.last_month::timestamp, interval '1 month'
            ) as m
    ),

    active as (
        select p.tenant_id, p.cohort_month, a.month, count(*) as people
        from people as p
        join
            active_months as a
            on a.tenant_id = p.tenant_id
            and a.person_id = p.person_id
        group by p.tenant_id, p.cohort_month, a.month
    ),

    final as (
        select
            m.tenant_id,
            m.cohort_month,
            m.month,
            (
                extract(year from age(m.month, m.cohort_month)) * 12
                + extract(month from age(m.month, m.cohort_month))
            )::integer as months_since,
            m.people as cohort_size,
            coalesce(a.people, 0) as active,
            coalesce(a.people, 0)::double precision / nullif(m.people, 0) as retention
        from months as m
        left join
            active as a
            on a.tenant_id = m.tenant_id
            and a.cohort_month = m.cohort_month
            and a.month = m.month
    )

select *
from final
