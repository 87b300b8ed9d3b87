{{ config(incremental_strategy="replace_tenants") }}
{% set changed = (
    "tenant_id in (select tenant_id from scope)"
    if is_incremental()
    else "true"
) %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    clocks as (
        select
            tenant_id, date_trunc('month', clock_date::timestamp)::date as clock_month
        from {{ ref("int_clocks") }}
    ),

    {% if is_incremental() %}
        -- besides what changed: tenants for whom another month has begun, which one of
        -- their procedures may have already
        scope as (
            select tenant_id
            from tenants
            where {{ tenant_changed() }}
            union
            select stored.tenant_id
            from {{ this }} as stored
            join clocks as k on k.tenant_id = stored.tenant_id
            where {{ tenant_requested("stored.tenant_id") }}
            group by stored.tenant_id, stored.procedure, k.clock_month
            having
                bool_or(stored.is_complete <> (stored.month < k.clock_month))
                or count(*) filter (where stored.month <= k.clock_month)
                <= extract(year from age(k.clock_month, min(stored.month))) * 12
                + extract(month from age(k.clock_month, min(stored.month)))
        ),
    {% endif %}

    bookings as (select * from {{ ref("fct_bookings") }} where {{ changed }}),

    booked as (
        select
            tenant_id,
            date_trunc('month', booked_date::timestamp)::date as month,
            coalesce(procedure, '(none)') as procedure,
            count(*) as bookings,
            count(*) filter (where status = 'attended') as attended,
            count(*) filter (where status = 'no_show') as no_shows,
            count(*) filter (where status = 'cancelled') as cancelled
        from bookings
        group by
            tenant_id,
            date_trunc('month', booked_date::timestamp),
            coalesce(procedure, '(none)')
    ),

    -- every month of a procedure since its first through the source's present one
    months as (
        select b.tenant_id, b.procedure, m.month::date as month
        from
            (
                select tenant_id, procedure, min(month) as first_month
                from booked
                group by tenant_id, procedure
            ) as b
        join clocks as k on k.tenant_id = b.tenant_id
        cross join
            lateral generate_series(
                b.first_month::timestamp, k.clock_month::timestamp, interval '1 month'
            ) as m(month)
        union
        select tenant_id, procedure, month
        from booked
    ),

    filled as (
        select
            m.tenant_id,
            m.month,
            m.procedure,
            coalesce(m.month < k.clock_month, false) as is_complete,
            coalesce(b.bookings, 0) as bookings,
            coalesce(b.attended, 0) as attended,
            coalesce(b.no_shows, 0) as no_shows,
            coalesce(b.cancelled, 0) as cancelled
        from months as m
        left join clocks as k on k.tenant_id = m.tenant_id
        left join
            booked as b
            on b.tenant_id = m.tenant_id
            and b.procedure = m.procedure
            and b.month = m.month
    ),

    -- by the calendar, not by rows: after the present month there may be gaps
    compared as (
        select
            *,
            count(*) over last_year as months_in_mean,
            avg(bookings) over last_year as mean_monthly_bookings,
            sum(bookings) over (
                partition by tenant_id, procedure
                order by
                    month range between interval '2 months' preceding and current row
            ) as bookings_3_months,
            sum(bookings) over (
                partition by tenant_id, procedure
                order by
                    month
                    range
                    between interval '5 months' preceding
                    and interval '3 months' preceding
            ) as bookings_3_months_before
        from filled
        window
            last_year as (
                partition by tenant_id, procedure
                order by
                    month range between interval '11 months' preceding and current row
            )
    ),

    final as (
        select
            tenant_id,
            month,
            procedure,
            is_complete,
            bookings,
            attended,
            no_shows,
            cancelled,
            no_shows::double precision / nullif(attended + no_shows, 0) as no_show_rate,
            months_in_mean,
            mean_monthly_bookings::double precision as mean_monthly_bookings,
            bookings
            * 100
            / nullif(mean_monthly_bookings::double precision, 0) as seasonal_index,
            bookings_3_months::bigint as bookings_3_months,
            bookings_3_months_before::bigint as bookings_3_months_before,
            (bookings_3_months - bookings_3_months_before)::double precision
            / nullif(bookings_3_months_before, 0)::double precision as trend
        from compared
    )

select *
from final
