{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    days as (select * from {{ ref("voice_daily") }} where {{ changed }}),

    counted as (
        select
            tenant_id,
            date_trunc('month', date_day)::date as month,
            coalesce(source, 'all') as source,
            sum(csat_answers)::bigint as answers,
            sum(csat_score_sum)::bigint as score_sum,
            sum(satisfied)::bigint as satisfied,
            sum(surveys_asked)::bigint as surveys_asked,
            sum(surveys_answered)::bigint as surveys_answered
        from days
        where csat_answers > 0 or surveys_asked > 0
        group by
            grouping sets (
                (tenant_id, date_trunc('month', date_day), source),
                (tenant_id, date_trunc('month', date_day))
            )
    ),

    measured as (
        select
            *,
            score_sum::double precision / nullif(answers, 0) as csat_mean,
            100 * satisfied::double precision / nullif(answers, 0) as satisfied_pct
        from counted
    ),

    final as (
        select
            m.tenant_id,
            m.month,
            m.source,
            m.answers,
            m.csat_mean,
            m.satisfied,
            m.satisfied_pct,
            case
                when m.answers > 0
                then 100 * {{ wilson("m.satisfied", "m.answers", "-") }}
            end as satisfied_pct_lower_95,
            case
                when m.answers > 0
                then 100 * {{ wilson("m.satisfied", "m.answers", "+") }}
            end as satisfied_pct_upper_95,
            m.satisfied_pct - p.satisfied_pct as satisfied_pct_change,
            case when m.source = 'chatwoot' then m.surveys_asked end as surveys_asked,
            case
                when m.source = 'chatwoot' then m.surveys_answered
            end as surveys_answered,
            case
                when m.source = 'chatwoot'
                then m.surveys_answered::double precision / nullif(m.surveys_asked, 0)
            end as answer_rate
        from measured as m
        left join
            measured as p
            on p.tenant_id = m.tenant_id
            and p.source = m.source
            and p.month = (m.month - interval '1 month')::date
    )

select *
from final
