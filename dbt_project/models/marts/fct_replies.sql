{{
    config(
        incremental_strategy="replace_conversations",
        indexes=[
            {"columns": ["tenant_id", "started_date"]},
            {"columns": ["tenant_id", "ended_date"]},
        ],
    )
}}
{% set changed = conversation_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    conversations as (select * from {{ ref("int_conversations") }} where {{ changed }}),

    events as (select * from {{ ref("int_conversation_events") }} where {{ changed }}),

    -- every reply and every resolution ends a round; what the customer says until
    -- then is one wait
    rounds as (
        select
            tenant_id,
            conversation_id,
            position,
            event_type,
            occurred_at,
            agent_id,
            event_type in ('human_reply', 'bot_reply', 'resolved') as is_end,
            count(*) filter (
                where event_type in ('human_reply', 'bot_reply', 'resolved')
            ) over earlier as round,
            count(*) filter (where event_type = 'human_reply') over earlier
            as human_replies_before
        from events
        where
            event_type in (
                'customer_message', 'handed_off', 'human_reply', 'bot_reply', 'resolved'
            )
        window
            earlier as (
                partition by tenant_id, conversation_id
                order by position
                rows between unbounded preceding and 1 preceding
            )
    ),

    waits as (
        select
            tenant_id,
            conversation_id,
            round,
            (array_agg(event_type order by position) filter (where not is_end))[
                1
            ] as started_by,
            min(occurred_at) filter (where not is_end) as started_at,
            max(event_type) filter (where is_end) as ended_by,
            max(occurred_at) filter (where is_end) as ended_at,
            max(agent_id) filter (where event_type = 'human_reply') as agent_id,
            max(human_replies_before) as human_replies_before
        from rounds
        group by tenant_id, conversation_id, round
        having count(*) filter (where not is_end) > 0
    ),

    final as (
        select
            w.tenant_id,
            w.conversation_id,
            (
                row_number() over (
                    partition by w.tenant_id, w.conversation_id order by w.round
                )
            )::integer as wait_number,
            c.inbox_id,
            c.team_id,
            w.agent_id,
            w.started_by,
            w.started_at,
            {{ local_date("w.started_at", "t.timezone") }} as started_date,
            w.ended_by,
            w.ended_at,
            {{ local_date("w.ended_at", "t.timezone") }} as ended_date,
            {{ seconds_between("w.started_at", "w.ended_at") }} as wait_seconds,
            until_end.open_seconds - until_start.open_seconds as wait_business_seconds,
            coalesce(w.ended_by = 'human_reply', false)
            and w.human_replies_before = 0 as is_first_response,
            coalesce(w.ended_by = 'human_reply', false)
            and w.human_replies_before > 0 as is_next_response,
            w.human_replies_before > 0 as is_after_first_response
        from waits as w
        join
            conversations as c
            on c.tenant_id = w.tenant_id
            and c.conversation_id = w.conversation_id
        join
            tenants as t on t.tenant_id = w.tenant_id
            {{ open_seconds_until("w.started_at", "w.tenant_id", "c.hours_inbox_id") }}
            as until_start
            on true
            {{ open_seconds_until("w.ended_at", "w.tenant_id", "c.hours_inbox_id") }}
            as until_end
            on true
    )

select *
from final
