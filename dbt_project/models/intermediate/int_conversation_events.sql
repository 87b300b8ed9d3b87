{{
    config(
        incremental_strategy="replace_conversations",
        indexes=[
            {"columns": ["tenant_id", "conversation_id", "event_id"], "unique": true}
        ],
    )
}}
{% set by_talk = conversation_changed() if is_incremental() else "true" %}
{% set by_chatwoot = (
    conversation_changed("chatwoot_conversation_id")
    if is_incremental()
    else "true"
) %}
{% set by_bot = (
    conversation_changed("bot_conversation_id")
    if is_incremental()
    else "true"
) %}

with
    conversations as (
        {% if is_incremental() %}
            {{ conversations_of(ref("int_conversations"), conversations_changed()) }}
        {% else %}select * from {{ ref("int_conversations") }}
        {% endif %}
    ),

    chatwoot_messages as (
        select * from {{ ref("int_chatwoot_messages") }} where {{ by_chatwoot }}
    ),

    bot_messages as (
        select * from {{ ref("stg_bot__conversation_messages") }} where {{ by_bot }}
    ),

    status_changes as (
        select * from {{ ref("int_status_changes") }} where {{ by_talk }}
    ),

    reporting_events as (
        select *
        from {{ ref("stg_chatwoot__reporting_events") }}
        where event_name = 'first_response' and {{ by_chatwoot }}
    ),

    survey_responses as (
        select *
        from {{ ref("stg_chatwoot__csat_survey_responses") }}
        where {{ by_chatwoot }}
    ),

    -- rank: within a second, what is said comes before what it leads to; number: then
    -- as Chatwoot numbers it
    found as (
        select
            tenant_id,
            conversation_id,
            'created' as event_id,
            'created' as event_type,
            created_at as happened_at,
            0 as rank,
            0::bigint as number,
            null::bigint as agent_id,
            null::bigint as reported_seconds,
            false as is_derived
        from conversations
        union all
        select
            tenant_id,
            conversation_id,
            'message-' || message_id,
            meaning,
            happened_at,
            1,
            message_id,
            agent_id,
            null,
            false
        from chatwoot_messages
        where meaning in ('customer_message', 'human_reply', 'bot_reply')
        union all
        select
            tenant_id,
            conversation_id,
            'activity-' || message_id,
            meaning,
            happened_at,
            4,
            message_id,
            null,
            null,
            true
        from chatwoot_messages
        where meaning in ('assigned', 'unassigned')
        union all
        select
            c.tenant_id,
            c.conversation_id,
            'message-' || m.message_id,
            case
                when m.direction = 'in'
                then 'customer_message'
                when m.sender = 'human'
                then 'human_reply'
                else 'bot_reply'
            end,
            m.created_at,
            1,
            0,
            null,
            null,
            false
        from bot_messages as m
        join
            conversations as c
            on c.tenant_id = m.tenant_id
            and c.bot_conversation_id = m.bot_conversation_id
        where m.direction = 'in' or m.sender in ('bot', 'human')
        union all
        select
            tenant_id,
            conversation_id,
            'change-' || change_id,
            change,
            happened_at,
            case
                change
                when 'handed_off'
                then 2
                when 'opened'
                then 3
                when 'resolved'
                then 5
                when 'bot_resolved'
                then 6
                else 4
            end,
            0,
            agent_id,
            null,
            is_derived
        from status_changes
        union all
        select
            c.tenant_id,
            c.conversation_id,
            'report-' || r.reporting_event_id,
            'first_response_reported',
            r.ended_at,
            7,
            r.reporting_event_id,
            r.agent_id,
            r.value_seconds::bigint,
            false
        from reporting_events as r
        join
            conversations as c
            on c.tenant_id = r.tenant_id
            and c.chatwoot_conversation_id = r.chatwoot_conversation_id
        where r.ended_at is not null
        union all
        select
            c.tenant_id,
            c.conversation_id,
            'csat-' || s.response_id,
            'csat',
            s.created_at,
            8,
            s.response_id,
            s.agent_id,
            null,
            false
        from survey_responses as s
        join
            conversations as c
            on c.tenant_id = s.tenant_id
            and c.chatwoot_conversation_id = s.chatwoot_conversation_id
    ),

    final as (
        select
            tenant_id,
            conversation_id,
            event_id,
            -- the bot's own instants are finer than seconds, and order what happened
            -- within one
            (
                row_number() over (
                    partition by tenant_id, conversation_id
                    order by
                        {{ whole_seconds("happened_at") }},
                        case when conversation_id like 'bot-%' then happened_at end,
                        rank,
                        number,
                        event_id collate "C"
                )
            )::integer as position,
            event_type,
            {{ whole_seconds("happened_at") }} as occurred_at,
            agent_id,
            reported_seconds,
            is_derived
        from found
    )

select *
from final
