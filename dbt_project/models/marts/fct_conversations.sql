{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "facets": {
                "responses": [
                    "inbox_id",
                    "team_id",
                    "created_at",
                    "first_response_agent_id",
                    "first_response_started_at",
                    "first_response_seconds",
                    "first_response_business_seconds",
                    "first_resolution_agent_id",
                    "resolution_seconds",
                    "resolution_business_seconds",
                ]
            },
            "key": "conversation_id",
            "changed_by": ["conversations.conversation_id"],
            "changed_through": ["int_people.person_id"],
        },
        pre_hook="{{ note_conversations(ref('int_people')) }}",
        indexes=[
            {"columns": ["tenant_id", "person_id"]},
            {"columns": ["tenant_id", "created_date"]},
            {"columns": ["tenant_id", "first_response_date"]},
            {"columns": ["tenant_id", "first_resolved_date"]},
        ],
    )
}}
{% set changed = key_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    people as (select * from {{ ref("int_people") }}),

    conversations as (
        {% if is_incremental() %}
            {{
                conversations_of(
                    ref("int_conversations"),
                    changed_keys(["conversations.conversation_id"]),
                )
            }}
        {% else %}select * from {{ ref("int_conversations") }}
        {% endif %}
    ),

    bot_conversations as (
        {% if is_incremental() %}
            {{
                conversations_of(
                    ref("int_bot_conversations"),
                    changed_keys(["conversations.conversation_id"]),
                )
            }}
        {% else %}select * from {{ ref("int_bot_conversations") }}
        {% endif %}
    ),

    events as (select * from {{ ref("int_conversation_events") }} where {{ changed }}),

    analysis as (select * from {{ ref("stg_analysis__conversation_analysis") }}),

    -- a talk may have several conversations of the bot: the first names it, any of
    -- them may have handed it off
    bot_parts as (
        select
            tenant_id,
            conversation_id,
            array_agg(
                bot_conversation_id order by started_at, bot_conversation_id collate "C"
            ) as bot_conversation_ids,
            (array_agg(lead_id order by started_at, bot_conversation_id collate "C"))[
                1
            ] as lead_id,
            (
                array_agg(
                    playbook order by started_at, bot_conversation_id collate "C"
                ) filter (where playbook is not null)
            )[1] as playbook,
            {{ whole_seconds("min(handoff_at)") }} as handoff_at,
            (
                array_agg(
                    handoff_reason order by handoff_at, bot_conversation_id collate "C"
                ) filter (where handoff_at is not null)
            )[1] as handoff_reason
        from bot_conversations
        group by tenant_id, conversation_id
    ),

    first_replies as (
        select
            tenant_id,
            conversation_id,
            min(occurred_at) filter (
                where event_type = 'human_reply'
            ) as first_human_reply_at,
            min(occurred_at) as first_reply_at
        from events
        where event_type in ('human_reply', 'bot_reply')
        group by tenant_id, conversation_id
    ),

    summed as (
        select
            e.tenant_id,
            e.conversation_id,
            count(*) filter (
                where e.event_type = 'customer_message'
            ) as customer_messages,
            count(*) filter (where e.event_type = 'human_reply') as human_replies,
            count(*) filter (where e.event_type = 'bot_reply') as bot_replies,
            min(e.occurred_at) filter (
                where e.event_type = 'customer_message'
            ) as first_customer_message_at,
            max(e.occurred_at) filter (
                where e.event_type = 'customer_message'
            ) as last_customer_message_at,
            min(f.first_reply_at) as first_reply_at,
            min(e.occurred_at) filter (
                where
                    e.event_type = 'customer_message'
                    and e.occurred_at > f.first_reply_at
            ) as first_message_after_reply_at,
            max(e.occurred_at) filter (
                where e.event_type in ('customer_message', 'human_reply', 'bot_reply')
            ) as last_message_at,
            (
                array_agg(e.event_type order by e.position desc) filter (
                    where {{ tells_where_it_stopped("e.event_type") }}
                )
            )[1] as last_event,
            max(e.occurred_at) filter (
                where {{ tells_where_it_stopped("e.event_type") }}
            ) as last_event_at,
            min(f.first_human_reply_at) as first_human_reply_at,
            (
                array_agg(e.agent_id order by e.position) filter (
                    where e.event_type = 'human_reply'
                )
            )[1] as first_response_agent_id,
            (
                array_agg(e.agent_id order by e.position) filter (
                    where e.event_type = 'resolved'
                )
            )[1] as first_resolution_agent_id,
            (
                array_agg(e.is_derived order by e.position) filter (
                    where e.event_type = 'resolved'
                )
            )[1] as is_first_resolution_derived,
            -- as Chatwoot starts the clock: the latest hand-off or opening, else the
            -- latest bot resolution, else the creation
            coalesce(
                max(e.occurred_at) filter (
                    where
                        e.event_type in ('handed_off', 'opened')
                        and (
                            f.first_human_reply_at is null
                            or e.occurred_at <= f.first_human_reply_at
                        )
                ),
                max(e.occurred_at) filter (
                    where
                        e.event_type = 'bot_resolved'
                        and (
                            f.first_human_reply_at is null
                            or e.occurred_at <= f.first_human_reply_at
                        )
                ),
                min(e.occurred_at) filter (where e.event_type = 'created')
            ) as first_response_started_at,
            min(e.reported_seconds) filter (
                where e.event_type = 'first_response_reported'
            ) as reported_first_response_seconds,
            count(*) filter (where e.event_type = 'resolved') as resolutions,
            min(e.occurred_at) filter (
                where e.event_type = 'resolved'
            ) as first_resolved_at,
            max(e.occurred_at) filter (
                where e.event_type = 'resolved'
            ) as last_resolved_at,
            min(e.occurred_at) filter (
                where e.event_type = 'handed_off'
            ) as handed_off_at,
            bool_or(e.event_type in ('handed_off', 'opened')) as is_opened
        from events as e
        left join
            first_replies as f
            on f.tenant_id = e.tenant_id
            and f.conversation_id = e.conversation_id
        group by e.tenant_id, e.conversation_id
    ),

    -- an unanswered talk is over when it is resolved or goes back to the bot
    unanswered_ends as (
        select e.tenant_id, e.conversation_id, min(e.occurred_at) as ended_at
        from events as e
        join
            summed as s
            on s.tenant_id = e.tenant_id
            and s.conversation_id = e.conversation_id
        where
            s.human_replies = 0
            and e.event_type in ('resolved', 'pending')
            and e.occurred_at >= s.first_response_started_at
        group by e.tenant_id, e.conversation_id
    ),

    joined as (
        select
            c.tenant_id,
            c.conversation_id,
            c.source,
            c.chatwoot_conversation_id,
            coalesce(b.bot_conversation_ids, '{}') as bot_conversation_ids,
            coalesce(contact.person_id, lead.person_id) as person_id,
            c.contact_id,
            coalesce(c.lead_id, b.lead_id) as lead_id,
            c.inbox_id,
            c.inbox_channel,
            c.hours_inbox_id,
            c.agent_id,
            c.team_id,
            c.status,
            c.is_closed,
            c.priority,
            c.labels,
            c.created_at,
            {{ local_date("c.created_at", "t.timezone") }} as created_date,
            s.customer_messages,
            s.human_replies,
            s.bot_replies,
            s.first_customer_message_at,
            s.last_customer_message_at,
            s.first_reply_at,
            s.first_message_after_reply_at,
            s.last_message_at,
            s.last_event,
            s.last_event_at,
            s.first_human_reply_at,
            {{ local_date("s.first_human_reply_at", "t.timezone") }}
            as first_response_date,
            s.first_response_agent_id,
            s.first_response_started_at,
            {{
                seconds_between(
                    "s.first_response_started_at", "s.first_human_reply_at"
                )
            }} as first_response_seconds,
            replied.open_seconds
            - asked.open_seconds as first_response_business_seconds,
            case
                when s.human_replies = 0
                then coalesce(u.ended_at, case when c.is_closed then c.created_at end)
            end as first_response_ended_at,
            s.reported_first_response_seconds,
            s.resolutions,
            s.first_resolved_at,
            {{ local_date("s.first_resolved_at", "t.timezone") }}
            as first_resolved_date,
            -- nobody had what Chatwoot reports as resolved by nobody
            case
                when s.is_first_resolution_derived
                then coalesce(s.first_resolution_agent_id, c.agent_id)
                else s.first_resolution_agent_id
            end as first_resolution_agent_id,
            s.last_resolved_at,
            {{ seconds_between("c.created_at", "s.first_resolved_at") }}
            as resolution_seconds,
            resolved.open_seconds - created.open_seconds as resolution_business_seconds,
            s.resolutions > 0 and (s.resolutions > 1 or not c.is_closed) as is_reopened,
            s.bot_replies > 0
            or b.conversation_id is not null
            or c.is_assigned_to_bot as has_bot,
            least(s.handed_off_at, b.handoff_at) as handed_off_at,
            b.handoff_reason,
            b.playbook,
            s.is_opened,
            a.is_lead,
            a.lead_probability,
            a.is_visit_scheduled,
            a.visit_at,
            a.intent,
            a.sentiment
        from conversations as c
        join tenants as t on t.tenant_id = c.tenant_id
        join
            summed as s
            on s.tenant_id = c.tenant_id
            and s.conversation_id = c.conversation_id
        left join
            unanswered_ends as u
            on u.tenant_id = c.tenant_id
            and u.conversation_id = c.conversation_id
        left join
            bot_parts as b
            on b.tenant_id = c.tenant_id
            and b.conversation_id = c.conversation_id
        left join
            people as contact
            on contact.tenant_id = c.tenant_id
            and contact.contact_id = c.contact_id
        left join
            people as lead
            on lead.tenant_id = c.tenant_id
            and lead.lead_id = coalesce(c.lead_id, b.lead_id)
        left join
            analysis as a
            on a.tenant_id = c.tenant_id
            and a.conversation_id = c.conversation_id
            {{
                open_seconds_until(
                    "s.first_response_started_at", "c.tenant_id", "c.hours_inbox_id"
                )
            }} as asked on true
            {{
                open_seconds_until(
                    "s.first_human_reply_at", "c.tenant_id", "c.hours_inbox_id"
                )
            }} as replied on true
            {{ open_seconds_until("c.created_at", "c.tenant_id", "c.hours_inbox_id") }}
            as created
            on true
            {{
                open_seconds_until(
                    "s.first_resolved_at", "c.tenant_id", "c.hours_inbox_id"
                )
            }} as resolved on true
    ),

    final as (
        select
            tenant_id,
            conversation_id,
            source,
            chatwoot_conversation_id,
            bot_conversation_ids,
            person_id,
            contact_id,
            lead_id,
            inbox_id,
            inbox_channel,
            hours_inbox_id,
            agent_id,
            team_id,
            status,
            is_closed,
            priority,
            labels,
            created_at,
            created_date,
            customer_messages,
            human_replies,
            bot_replies,
            first_customer_message_at,
            last_customer_message_at,
            first_reply_at,
            first_message_after_reply_at,
            last_message_at,
            last_event,
            last_event_at,
            first_human_reply_at,
            first_response_date,
            first_response_agent_id,
            first_response_started_at,
            first_response_seconds,
            first_response_business_seconds,
            first_response_ended_at,
            reported_first_response_seconds,
            resolutions,
            first_resolved_at,
            first_resolved_date,
            first_resolution_agent_id,
            last_resolved_at,
            resolution_seconds,
            resolution_business_seconds,
            is_reopened,
            has_bot,
            handed_off_at,
            handoff_reason,
            playbook,
            human_replies = 0
            and not is_opened
            and (
                source = 'bot' or status = 'pending' or (has_bot and status <> 'open')
            ) as is_only_with_bot,
            is_lead,
            lead_probability,
            is_visit_scheduled,
            visit_at,
            intent,
            sentiment
        from joined
    )

select *
from final
