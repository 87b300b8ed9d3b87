{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    answers as (
        select * from {{ ref("fct_feedback") }} where kind = 'nps' and {{ changed }}
    ),

    counted as (
        select
            tenant_id,
            date_trunc('month', answered_date)::date as month,
            count(*) as answers,
            count(*) filter (where score >= 9) as promoters,
            count(*) filter (where score between 7 and 8) as passives,
            count(*) filter (where score <= 6) as detractors
        from answers
        group by tenant_id, date_trunc('month', answered_date)
    ),

    final as (
        select
            tenant_id,
            month,
            answers,
            promoters,
            passives,
            detractors,
            100 * (promoters - detractors)::double precision / nullif(answers, 0) as nps
        from counted
    )

select *
from final
