{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    people as (
        select
            tenant_id, person_id, channel, campaign_id, inbox_id, procedure, cohort_date
        from {{ ref("dim_contacts") }}
        where is_in_funnel and is_customer and {{ changed }}
    ),

    bookings as (
        select
            tenant_id,
            person_id,
            currency,
            sum(revenue) as revenue,
            count(*) as bookings
        from {{ ref("fct_bookings") }}
        where is_attended and person_id is not null and {{ changed }}
        group by tenant_id, person_id, currency
    ),

    -- every customer in the tenant's currency, and in any other they paid in
    spent as (
        select p.*, t.currency, coalesce(b.revenue, 0) as revenue, b.bookings
        from people as p
        join tenants as t on t.tenant_id = p.tenant_id
        left join
            bookings as b
            on b.tenant_id = p.tenant_id
            and b.person_id = p.person_id
            and b.currency = t.currency
        union all
        select p.*, b.currency, b.revenue, b.bookings
        from people as p
        join tenants as t on t.tenant_id = p.tenant_id
        join
            bookings as b
            on b.tenant_id = p.tenant_id
            and b.person_id = p.person_id
            and b.currency <> t.currency
    ),

    segmented as (
        select
            c.tenant_id, s.segment, s.segment_value, c.currency, c.revenue, c.bookings
        from spent as c
        cross join
            lateral(
                values
                    ('all', '(all)'),
                    ('channel', c.channel),
                    ('campaign', coalesce(c.campaign_id, '(none)')),
                    ('inbox', coalesce(c.inbox_id::text, '(none)')),
                    ('procedure', coalesce(c.procedure, '(none)')),
                    ('cohort_month', to_char(c.cohort_date, 'YYYY-MM'))
            ) as s(segment, segment_value)
    ),

    final as (
        select
            tenant_id,
            segment,
            segment_value,
            currency,
            count(*) as customers,
            count(bookings) as paying_customers,
            coalesce(sum(bookings), 0)::bigint as attended_bookings,
            sum(revenue)::numeric(18, 2) as revenue,
            sum(revenue)::double precision / count(*) as lifetime_value,
            sum(revenue)::double precision
            / nullif(sum(bookings), 0)::double precision as average_booking_value
        from segmented
        group by tenant_id, segment, segment_value, currency
    )

select *
from final
