{{ config(materialized="view") }}

with
    stored as (select * from {{ ref("stg_ml__staffing_plans") }}),

    final as (
        select
            tenant_id,
            starts_on,
            currency,
            cost,
            person_hours,
            hours_short,
            extra_people,
            service_level,
            target,
            within_seconds,
            share_for_people,
            planned_from
        from stored
    )

select *
from final
