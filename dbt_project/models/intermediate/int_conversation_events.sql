{{
    config(
        incremental_strategy="replace_conversations",
        indexes=[{"columns": ["tenant_id", "conversation_id"]}],
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
    conversations as (select * from {{ ref("int_conversations") }} where {{ by_talk }}),

    bot_conversations as (
        select * from {{ ref("stg_bot__conversations") }} where {{ by_bot }}
    ),

    chatwoot_messages as (
        select * from {{ ref("stg_chatwoot__messages") }} where {{ by_chatwoot }}
    ),

    bot_messages as (
        select * from {{ ref("stg_bot__conversation_messages") }} where {{ by_bot }}
    ),

    reporting_events as (
        select *
        from {{ ref("stg_chatwoot__reporting_events") }}
        where {{ by_chatwoot }}
    ),

    survey_responses as (
        select *
        from {{ ref("stg_chatwoot__csat_survey_responses") }}
        where {{ by_chatwoot }}
    ),

    created as (
        select
            tenant_id,
            conversation_id,
            'created' as event_id,
            'created' as event_type,
            created_at as happened_at,
            null::bigint as agent_id,
            null::bigint as reported_seconds,
            false as is_derived
        from conversations
    ),

    chatwoot_messages_read as (
        select
            c.tenant_id,
            c.conversation_id,
            m.message_id,
            case
                when m.message_type = 'activity'
                then
                    {{
                        status_of_activity(
                            "m.activity_type", "m.activity_status", "m.content"
                        )
                    }}
                when m.is_private
                then null
                when m.message_type = 'incoming'
                then 'customer_message'
                when m.message_type <> 'outgoing'
                then null
                when m.sender_type in ('agent_bot', 'captain_assistant')
                then 'bot_reply'
                when m.automation_rule_id is not null or m.campaign_id is not null
                then null
                -- the API does not tell a campaign's message from a reply: what comes
                -- before the first reply is none
                when
                    (m.sender_type = 'user' or m.is_external_echo)
                    and {{ whole_seconds("m.created_at") }} >= c.first_reply_created_at
                then 'human_reply'
            end as meaning,
            case when m.sender_type = 'user' then m.sender_id end as agent_id,
            m.created_at as happened_at
        from chatwoot_messages as m
        join
            conversations as c
            on c.tenant_id = m.tenant_id
            and c.chatwoot_conversation_id = m.chatwoot_conversation_id
    ),

    chatwoot_talk as (
        select
            tenant_id,
            conversation_id,
            'message-' || message_id as event_id,
            meaning as event_type,
            happened_at,
            agent_id,
            null::bigint as reported_seconds,
            false as is_derived
        from chatwoot_messages_read
        where meaning in ('customer_message', 'human_reply', 'bot_reply')
    ),

    reported as (
        select
            c.tenant_id,
            c.conversation_id,
            'report-' || min(r.reporting_event_id) as event_id,
            case
                r.event_name
                when 'conversation_resolved'
                then 'resolved'
                when 'conversation_opened'
                then 'opened'
                when 'conversation_bot_handoff'
                then 'handed_off'
                when 'conversation_bot_resolved'
                then 'bot_resolved'
                when 'first_response'
                then 'first_response_reported'
            end as event_type,
            {{ whole_seconds("r.ended_at") }} as happened_at,
            min(r.agent_id) as agent_id,
            min(r.value_seconds)::bigint as reported_seconds,
            false as is_derived
        from reporting_events as r
        join
            conversations as c
            on c.tenant_id = r.tenant_id
            and c.chatwoot_conversation_id = r.chatwoot_conversation_id
        where
            r.event_name in (
                'conversation_resolved',
                'conversation_opened',
                'conversation_bot_handoff',
                'conversation_bot_resolved',
                'first_response'
            )
            and r.ended_at is not null
        -- a retried job of Chatwoot's writes the same event twice
        group by
            c.tenant_id,
            c.conversation_id,
            r.event_name,
            {{ whole_seconds("r.ended_at") }}
    ),

    -- a transition that Chatwoot did not report, or whose report went with the agent
    -- it was credited to, is read from the
    -- activity; the job that writes the activity may run a little later
    transitions as (
        select
            a.tenant_id,
            a.conversation_id,
            'activity-' || a.message_id as event_id,
            case a.meaning when 'open' then 'opened' else a.meaning end as event_type,
            a.happened_at,
            null::bigint as agent_id,
            null::bigint as reported_seconds,
            true as is_derived
        from chatwoot_messages_read as a
        where
            a.meaning in ('open', 'resolved', 'pending', 'snoozed')
            and not exists (
                select 1
                from reported as r
                where
                    r.tenant_id = a.tenant_id
                    and r.conversation_id = a.conversation_id
                    and r.event_type
                    = case a.meaning when 'open' then 'opened' else a.meaning end
                    and r.happened_at
                    between a.happened_at
                    - interval '60 seconds' and a.happened_at
                    + interval '60 seconds'
            )
    ),

    surveys as (
        select
            c.tenant_id,
            c.conversation_id,
            'csat-' || s.response_id as event_id,
            'csat' as event_type,
            s.created_at as happened_at,
            s.agent_id,
            null::bigint as reported_seconds,
            false as is_derived
        from survey_responses as s
        join
            conversations as c
            on c.tenant_id = s.tenant_id
            and c.chatwoot_conversation_id = s.chatwoot_conversation_id
    ),

    bot_talk as (
        select
            c.tenant_id,
            c.conversation_id,
            'message-' || m.message_id as event_id,
            case
                when m.direction = 'in'
                then 'customer_message'
                when m.sender = 'human'
                then 'human_reply'
                else 'bot_reply'
            end as event_type,
            m.created_at as happened_at,
            null::bigint as agent_id,
            null::bigint as reported_seconds,
            false as is_derived
        from bot_messages as m
        join
            conversations as c
            on c.tenant_id = m.tenant_id
            and c.bot_conversation_id = m.bot_conversation_id
        where m.direction = 'in' or m.sender in ('bot', 'human')
    ),

    bot_transitions as (
        select
            c.tenant_id,
            c.conversation_id,
            t.event_type as event_id,
            t.event_type,
            t.happened_at,
            null::bigint as agent_id,
            null::bigint as reported_seconds,
            false as is_derived
        from bot_conversations as b
        join
            conversations as c
            on c.tenant_id = b.tenant_id
            and c.bot_conversation_id = b.bot_conversation_id
        cross join
            lateral(
                values
                    ('handed_off', b.handoff_at),
                    ('resolved', case when b.status = 'closed' then b.ended_at end),
                    (
                        'bot_resolved',
                        case
                            when b.status = 'closed' and b.resolved_by = 'bot'
                            then b.ended_at
                        end
                    )
            ) as t(event_type, happened_at)
        where t.happened_at is not null
    ),

    found as (
        select *
        from created
        union all
        select *
        from chatwoot_talk
        union all
        select *
        from reported
        union all
        select *
        from transitions
        union all
        select *
        from surveys
        union all
        select *
        from bot_talk
        union all
        select *
        from bot_transitions
    ),

    -- what bots do is told by reports alone: without any, a conversation that opens
    -- after a bot's reply was handed off, and one
    -- resolved after a bot's reply with no human reply before was resolved by the bot
    seen as (
        select
            *,
            bool_or(event_id like 'report-%') over (
                partition by tenant_id, conversation_id
            ) as has_reports,
            min(happened_at) filter (where event_type = 'bot_reply') over (
                partition by tenant_id, conversation_id
            ) as first_bot_reply_at,
            min(happened_at) filter (where event_type = 'human_reply') over (
                partition by tenant_id, conversation_id
            ) as first_human_reply_at,
            min(happened_at) filter (where event_type = 'opened' and is_derived) over (
                partition by tenant_id, conversation_id
            ) as first_opened_at
        from found
    ),

    bot_events as (
        select
            tenant_id,
            conversation_id,
            b.event_type || '-' || event_id as event_id,
            b.event_type,
            happened_at,
            agent_id,
            reported_seconds,
            is_derived
        from seen
        cross join
            lateral(
                select
                    case
                        when event_type = 'opened' and happened_at = first_opened_at
                        then 'handed_off'
                        when event_type = 'resolved'
                        then 'bot_resolved'
                    end as event_type
            ) as b
        where
            b.event_type is not null
            and is_derived
            and not has_reports
            and first_bot_reply_at <= happened_at
            and (first_human_reply_at is null or first_human_reply_at > happened_at)
    ),

    everything as (
        select *
        from found
        union all
        select *
        from bot_events
    ),

    final as (
        select
            tenant_id,
            conversation_id,
            event_id,
            -- the order of what happened: by second, by instant where the source is
            -- finer (the bot's), within a second what is
            -- said before what it leads to, then as the source numbers it
            (
                row_number() over (
                    partition by tenant_id, conversation_id
                    order by
                        {{ whole_seconds("happened_at") }},
                        case when conversation_id like 'bot-%' then happened_at end,
                        case
                            event_type
                            when 'created'
                            then 0
                            when 'customer_message'
                            then 1
                            when 'human_reply'
                            then 1
                            when 'bot_reply'
                            then 1
                            when 'handed_off'
                            then 2
                            when 'opened'
                            then 3
                            when 'pending'
                            then 4
                            when 'snoozed'
                            then 4
                            when 'resolved'
                            then 5
                            else 6
                        end,
                        case
                            when conversation_id like 'chatwoot-%'
                            then substring(event_id, '[0-9]+$')::bigint
                        end,
                        event_id collate "C"
                )
            )::integer as position,
            event_type,
            {{ whole_seconds("happened_at") }} as occurred_at,
            agent_id,
            reported_seconds,
            is_derived
        from everything
    )

select *
from final
