{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    bookings as (
        select * from {{ ref("fct_bookings") }} where is_attended and {{ changed }}
    ),

    summed as (
        select
            tenant_id,
            date_trunc('month', attended_date::timestamp)::date as month,
            coalesce(procedure, '(none)') as procedure,
            currency,
            sum(revenue) as revenue,
            count(*) as attended_bookings
        from bookings
        group by
            tenant_id,
            date_trunc('month', attended_date::timestamp),
            coalesce(procedure, '(none)'),
            currency
    ),

    compared as (
        select
            *,
            sum(revenue) over (
                partition by tenant_id, month, currency
            ) as revenue_of_all,
            case
                when month > min(month) over (partition by tenant_id, currency)
                then
                    coalesce(
                        max(revenue) over (
                            partition by tenant_id, procedure, currency
                            order by
                                month
                                range
                                between interval '1 month' preceding
                                and interval '1 month' preceding
                        ),
                        0
                    )
            end as revenue_previous_month
        from summed
    ),

    final as (
        select
            tenant_id,
            month,
            procedure,
            currency,
            revenue::numeric(18, 2) as revenue,
            attended_bookings,
            revenue::double precision / attended_bookings as average_value,
            revenue::double precision
            / nullif(revenue_of_all, 0)::double precision as share_of_month,
            revenue_previous_month::numeric(18, 2) as revenue_previous_month,
            (revenue - revenue_previous_month)::double precision
            / nullif(revenue_previous_month, 0)::double precision as change
        from compared
    )

select *
from final
