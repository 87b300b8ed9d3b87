{{
    config(
        incremental_strategy="replace_conversations",
        indexes=[
            {"columns": ["tenant_id", "conversation_id", "change_id"], "unique": true}
        ],
    )
}}
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
    messages as (
        select *
        from {{ ref("int_chatwoot_messages") }}
        where meaning not in ('assigned', 'unassigned') and {{ by_chatwoot }}
    ),

    reporting_events as (
        select *
        from {{ ref("stg_chatwoot__reporting_events") }}
        where {{ by_chatwoot }}
    ),

    conversations as (select * from {{ ref("stg_chatwoot__conversations") }}),

    bot_conversations as (
        select *
        from {{ ref("int_bot_conversations") }}
        where chatwoot_conversation_id is null and {{ by_bot }}
    ),

    linked_bot_conversations as (
        select *
        from {{ ref("int_bot_conversations") }}
        where
            chatwoot_conversation_id is not null
            and handoff_at is not null
            and {{ by_chatwoot }}
    ),

    reported as (
        select
            c.tenant_id,
            c.chatwoot_conversation_id,
            min(r.reporting_event_id) as number,
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
            end as meaning,
            {{ whole_seconds("r.ended_at") }} as happened_at,
            min(r.agent_id) as agent_id
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
                'conversation_bot_resolved'
            )
            and r.ended_at is not null
        -- a retried job of Chatwoot's writes the same event twice
        group by
            c.tenant_id,
            c.chatwoot_conversation_id,
            r.event_name,
            {{ whole_seconds("r.ended_at") }}
    ),

    stream as (
        select
            tenant_id,
            conversation_id,
            message_id as number,
            meaning,
            {{ whole_seconds("happened_at") }} as happened_at,
            null::bigint as agent_id,
            is_closed,
            false as is_report
        from messages
        union all
        select
            tenant_id,
            'chatwoot-' || chatwoot_conversation_id,
            number,
            meaning,
            happened_at,
            agent_id,
            null,
            true
        from reported
    ),

    known as (
        select
            *,
            -- the job that writes the activity of a change may run a little later
            -- than the change
            bool_or(is_report and meaning = 'opened') over nearby
            as is_opening_reported,
            bool_or(is_report and meaning = 'resolved') over nearby
            as is_resolution_reported,
            bool_or(is_report and meaning = 'handed_off') over nearby
            as is_handoff_reported,
            bool_or(is_report) over talk as has_reports,
            bool_or(meaning in ('bot_reply', 'handed_off', 'bot_resolved')) over talk
            as has_bot,
            min(happened_at) filter (where meaning = 'bot_reply') over talk
            as first_bot_reply_at,
            min(happened_at) filter (where meaning = 'human_reply') over talk
            as first_human_reply_at,
            max(happened_at) filter (where meaning = 'bot_reply') over so_far
            as last_bot_reply_at,
            max(happened_at) filter (
                where is_report and meaning = 'resolved'
            ) over so_far as reported_resolved_at,
            max(happened_at) filter (
                where meaning in ('customer_message', 'opened', 'pending', 'snoozed')
            ) over so_far as not_resolved_at,
            max(happened_at) filter (where is_report and meaning = 'opened') over so_far
            as reported_opened_at,
            max(happened_at) filter (
                where meaning in ('resolved', 'bot_resolved', 'pending', 'snoozed')
            ) over so_far as not_open_at,
            max(happened_at) filter (where meaning = 'resolved') over talk
            as last_resolved_at
        from stream
        window
            talk as (partition by tenant_id, conversation_id),
            so_far as (partition by tenant_id, conversation_id order by happened_at),
            nearby as (
                partition by tenant_id, conversation_id
                order by
                    happened_at
                    range
                    between interval '60 seconds' preceding
                    and interval '60 seconds' following
            )
    ),

    -- a change that Chatwoot did not report, or whose report went with the agent it
    -- was credited to, is read from the activity
    turns as (
        select
            *,
            lag(meaning) over turn as meaning_before,
            bool_or(meaning = 'opened') over at_once as is_opened_at_once,
            bool_or(meaning = 'opened') over soon as is_opened_soon,
            bool_or(meaning = 'pending') over soon as is_pending_soon
        from known
        where
            meaning in (
                'customer_message',
                'opened',
                'pending',
                'snoozed',
                'resolved',
                'handed_off',
                'bot_resolved'
            )
            -- an activity tells of a change reported within the minute or, however late
            -- its job was, of the last one reported, if nothing undid it since
            and (
                is_report
                or meaning <> 'opened'
                or not is_opening_reported
                and (
                    reported_opened_at is null
                    or reported_opened_at <= coalesce(not_open_at, '-infinity')
                )
            )
            and (
                is_report
                or meaning <> 'resolved'
                or not is_resolution_reported
                and (
                    reported_resolved_at is null
                    or reported_resolved_at <= coalesce(not_resolved_at, '-infinity')
                )
            )
        window
            turn as (
                partition by tenant_id, conversation_id
                order by happened_at, meaning <> 'customer_message', number
            ),
            at_once as (
                partition by tenant_id, conversation_id
                order by happened_at
                range between current row and interval '1 second' following
            ),
            soon as (
                partition by tenant_id, conversation_id
                order by happened_at
                range between current row and interval '60 seconds' following
            )
    ),

    changes as (
        select
            *,
            lag(meaning) over change as change_before,
            lag(happened_at) over change as changed_before_at
        from turns
        where meaning <> 'customer_message'
        window
            change as (
                partition by tenant_id, conversation_id
                order by
                    happened_at, meaning = 'resolved', meaning = 'bot_resolved', number
            )
    ),

    told as (
        select
            tenant_id,
            conversation_id,
            case when is_report then 'report-' else 'activity-' end
            || number as change_id,
            meaning as change,
            happened_at,
            agent_id,
            not is_report as is_derived
        from changes
    ),

    -- who writes in a snoozed talk opens it, in a resolved one too, or gives it back
    -- to the bot; not always is this told. A talk that is closed and was not resolved
    -- again was not opened: its contact is blocked
    caused as (
        select
            tenant_id,
            conversation_id,
            'message-' || number as change_id,
            case
                when has_bot and meaning_before <> 'snoozed'
                then 'pending'
                else 'opened'
            end as change,
            happened_at,
            null::bigint as agent_id,
            true as is_derived
        from turns
        where
            meaning = 'customer_message'
            and meaning_before in ('resolved', 'bot_resolved', 'snoozed')
            and not is_opened_at_once
            and case
                when has_bot and meaning_before <> 'snoozed'
                then not is_pending_soon
                else not is_opened_soon
            end
            and (not is_closed or last_resolved_at > happened_at)
    ),

    -- Chatwoot reports a talk's first hand-off only, and some editions report nothing.
    -- A talk that opens while the bot has it was handed off; one resolved before any
    -- person wrote was resolved by the bot
    of_a_silent_bot as (
        select
            tenant_id,
            conversation_id,
            'bot-' || number as change_id,
            case
                meaning when 'opened' then 'handed_off' else 'bot_resolved'
            end as change,
            happened_at,
            null::bigint as agent_id,
            true as is_derived
        from changes
        where
            has_bot
            and (
                meaning = 'opened'
                and not is_handoff_reported
                and (
                    (
                        change_before in ('pending', 'resolved', 'bot_resolved')
                        and last_bot_reply_at > changed_before_at
                    )
                    or (
                        change_before in ('resolved', 'bot_resolved')
                        and meaning_before = 'customer_message'
                    )
                    or (
                        change_before is null
                        and not has_reports
                        and first_bot_reply_at <= happened_at
                    )
                )
                or meaning = 'resolved'
                and not has_reports
                and first_bot_reply_at <= happened_at
                and (first_human_reply_at is null or first_human_reply_at > happened_at)
            )
    ),

    -- a hand-off that Chatwoot tells nothing of is the bot's own word
    told_by_the_bot as (
        select
            b.tenant_id,
            b.conversation_id,
            'handoff-' || b.bot_conversation_id as change_id,
            'handed_off' as change,
            {{ whole_seconds("b.handoff_at") }} as happened_at,
            null::bigint as agent_id,
            true as is_derived
        from linked_bot_conversations as b
        where
            not exists (
                select 1
                from changes as c
                where
                    c.tenant_id = b.tenant_id
                    and c.conversation_id = b.conversation_id
                    and c.meaning = 'handed_off'
            )
            and not exists (
                select 1
                from of_a_silent_bot as s
                where
                    s.tenant_id = b.tenant_id
                    and s.conversation_id = b.conversation_id
                    and s.change = 'handed_off'
            )
    ),

    of_the_bot_alone as (
        select
            b.tenant_id,
            b.conversation_id,
            t.change as change_id,
            t.change,
            t.happened_at,
            null::bigint as agent_id,
            false as is_derived
        from bot_conversations as b
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
            ) as t(change, happened_at)
        where t.happened_at is not null
    ),

    final as (
        select *
        from told
        union all
        select *
        from caused
        union all
        select *
        from of_a_silent_bot
        union all
        select *
        from told_by_the_bot
        union all
        select *
        from of_the_bot_alone
    )

select *
from final
