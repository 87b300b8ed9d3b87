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
            count(*) filter (where category = 'promoter') as promoters,
            count(*) filter (where category = 'passive') as passives,
            count(*) filter (where category = 'detractor') as detractors
        from answers
        group by tenant_id, date_trunc('month', answered_date)
    ),

    measured as (
        select
            *,
            100
            * (promoters - detractors)::double precision
            / nullif(answers, 0) as nps,
            {{ adjusted_nps("promoters", "detractors", "answers") }} as adjusted,
            {{ adjusted_nps_variance("promoters", "detractors", "answers") }}
            as variance
        from counted
    ),

    final as (
        select
            m.tenant_id,
            m.month,
            m.answers,
            m.promoters,
            m.passives,
            m.detractors,
            m.nps,
            100 * greatest(
                m.adjusted - {{ z_95() }} * sqrt(m.variance), -1
            ) as nps_lower_95,
            100
            * least(m.adjusted + {{ z_95() }} * sqrt(m.variance), 1) as nps_upper_95,
            m.nps - p.nps as nps_change,
            abs(m.adjusted - p.adjusted)
            > {{ z_95() }} * sqrt(m.variance + p.variance) as is_change_significant
        from measured as m
        left join
            measured as p
            on p.tenant_id = m.tenant_id
            and p.month = (m.month - interval '1 month')::date
    )

select *
from final
