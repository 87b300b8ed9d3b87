{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "date_day",
            "changed_by": [
                "fct_feedback.answered_date",
                "int_surveys.asked_date",
                "surveys.asked_date",
            ],
        },
        pre_hook="{{ note_survey_days(ref('int_surveys')) }}",
        indexes=[{"columns": ["tenant_id", "date_day"]}],
    )
}}
{% set answered = key_changed("answered_date") if is_incremental() else "true" %}
{% set asked = key_changed("asked_date") if is_incremental() else "true" %}

with
    answers as (select * from {{ ref("fct_feedback") }} where {{ answered }}),

    surveys as (select * from {{ ref("int_surveys") }} where {{ asked }}),

    conversations as (select * from {{ ref("fct_conversations") }}),

    answered as (
        select
            tenant_id,
            answered_date as date_day,
            source,
            inbox_id,
            agent_id,
            count(*) filter (where kind = 'nps') as nps_answers,
            count(*) filter (where category = 'promoter') as promoters,
            count(*) filter (where category = 'passive') as passives,
            count(*) filter (where category = 'detractor') as detractors,
            count(*) filter (where kind = 'csat') as csat_answers,
            coalesce(sum(score) filter (where kind = 'csat'), 0) as csat_score_sum,
            count(*) filter (where category = 'satisfied') as satisfied
        from answers
        group by tenant_id, answered_date, source, inbox_id, agent_id
    ),

    -- nobody was credited yet when it was sent: it stands with who was credited when
    -- it was answered, else with who has the talk now
    asked as (
        select
            s.tenant_id,
            s.asked_date as date_day,
            'chatwoot' as source,
            c.inbox_id,
            case
                when s.response_id is null then c.agent_id else s.agent_id
            end as agent_id,
            count(*) as surveys_asked,
            count(s.response_id) as surveys_answered
        from surveys as s
        join
            conversations as c
            on c.tenant_id = s.tenant_id
            and c.conversation_id = s.conversation_id
        group by
            s.tenant_id,
            s.asked_date,
            c.inbox_id,
            case when s.response_id is null then c.agent_id else s.agent_id end
    ),

    parts as (
        select *, 0 as surveys_asked, 0 as surveys_answered
        from answered
        union all
        select
            tenant_id,
            date_day,
            source,
            inbox_id,
            agent_id,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            surveys_asked,
            surveys_answered
        from asked
    ),

    summed as (
        select
            tenant_id,
            date_day,
            source,
            inbox_id,
            agent_id,
            sum(nps_answers)::bigint as nps_answers,
            sum(promoters)::bigint as promoters,
            sum(passives)::bigint as passives,
            sum(detractors)::bigint as detractors,
            sum(csat_answers)::bigint as csat_answers,
            sum(csat_score_sum)::bigint as csat_score_sum,
            sum(satisfied)::bigint as satisfied,
            sum(surveys_asked)::bigint as surveys_asked,
            sum(surveys_answered)::bigint as surveys_answered
        from parts
        group by tenant_id, date_day, source, inbox_id, agent_id
    ),

    final as (
        select
            tenant_id,
            date_day,
            source,
            inbox_id,
            agent_id,
            nps_answers,
            promoters,
            passives,
            detractors,
            100
            * (promoters - detractors)::double precision
            / nullif(nps_answers, 0) as nps,
            csat_answers,
            csat_score_sum,
            csat_score_sum::double precision / nullif(csat_answers, 0) as csat_mean,
            satisfied,
            100
            * satisfied::double precision
            / nullif(csat_answers, 0) as csat_satisfied_pct,
            surveys_asked,
            surveys_answered,
            surveys_answered::double precision
            / nullif(surveys_asked, 0) as csat_answer_rate
        from summed
    )

select *
from final
