{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "source || ' ' || answer_id",
            "changed_by": ["answers.answer"],
            "changed_through": ["fct_conversations.conversation_id"],
        },
        pre_hook="{{ note_answers() }}",
        indexes=[
            {"columns": ["tenant_id", "answered_date"]},
            {"columns": ["tenant_id", "conversation_id"]},
        ],
    )
}}
{% set answered = (
    changed_or_whole("feedback_id", changed_keys(["answers.feedback_id"]))
    if is_incremental()
    else "true"
) %}
{% set responded = (
    changed_or_whole(
        "response_id", changed_keys(["answers.response_id"], "bigint")
    )
    if is_incremental()
    else "true"
) %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    bot_feedback as (select * from {{ ref("stg_bot__feedback") }} where {{ answered }}),

    bot_conversations as (select * from {{ ref("int_bot_conversations") }}),

    survey_responses as (
        select *
        from {{ ref("stg_chatwoot__csat_survey_responses") }}
        where {{ responded }}
    ),

    conversations as (select * from {{ ref("fct_conversations") }}),

    answers as (
        select
            f.tenant_id,
            'bot' as source,
            f.feedback_id as answer_id,
            v.kind,
            v.score,
            c.conversation_id,
            null::bigint as agent_id,
            f.comment is not null and f.comment <> '' as has_comment,
            f.created_at as answered_at
        from bot_feedback as f
        cross join
            lateral(values ('nps', f.nps_score), ('csat', f.score)) as v(kind, score)
        left join
            bot_conversations as c
            on c.tenant_id = f.tenant_id
            and c.bot_conversation_id = f.bot_conversation_id
        where v.score is not null
        union all
        select
            tenant_id,
            'chatwoot',
            response_id::text,
            'csat',
            rating,
            'chatwoot-' || chatwoot_conversation_id,
            agent_id,
            feedback_message is not null and feedback_message <> '',
            created_at
        from survey_responses
    ),

    final as (
        select
            a.tenant_id,
            a.source,
            a.answer_id,
            a.kind,
            a.score::integer as score,
            case
                when a.kind = 'nps' and a.score >= 9
                then 'promoter'
                when a.kind = 'nps' and a.score >= 7
                then 'passive'
                when a.kind = 'nps'
                then 'detractor'
                when a.score >= 4
                then 'satisfied'
                when a.score = 3
                then 'neutral'
                else 'dissatisfied'
            end as category,
            c.conversation_id,
            c.person_id,
            c.inbox_id,
            case
                when a.source = 'chatwoot' then a.agent_id else c.agent_id
            end as agent_id,
            a.has_comment,
            a.answered_at,
            {{ local_date("a.answered_at", "t.timezone") }} as answered_date
        from answers as a
        join tenants as t on t.tenant_id = a.tenant_id
        left join
            conversations as c
            on c.tenant_id = a.tenant_id
            and c.conversation_id = a.conversation_id
    )

select *
from final
