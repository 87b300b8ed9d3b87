{{ config(materialized="view") }}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    closed_days as (select * from {{ ref("stg_config__closed_days") }}),

    days as (
        select t.tenant_id, d::date as date_day
        from tenants as t
        cross join
            generate_series(
                '2015-01-01'::timestamp, '2035-12-31'::timestamp, interval '1 day'
            ) as d
    ),

    final as (
        select
            d.tenant_id,
            d.date_day,
            date_trunc('month', d.date_day::timestamp)::date as month,
            date_trunc('week', d.date_day::timestamp)::date as week,
            extract(isoyear from d.date_day)::integer as iso_year,
            extract(week from d.date_day)::integer as iso_week,
            extract(year from d.date_day)::integer as year,
            extract(month from d.date_day)::integer as month_of_year,
            extract(day from d.date_day)::integer as day_of_month,
            extract(dow from d.date_day)::integer as day_of_week,
            extract(dow from d.date_day) in (0, 6) as is_weekend,
            c.closed_on is not null as is_closed_day,
            c.reason as closed_reason
        from days as d
        left join
            closed_days as c on c.tenant_id = d.tenant_id and c.closed_on = d.date_day
    )

select *
from final
