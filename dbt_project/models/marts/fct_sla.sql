{{
    config(
        incremental_strategy="replace_conversations",
        indexes=[
            {"columns": ["tenant_id", "sla_date"]},
            {"columns": ["tenant_id", "status"]},
            {"columns": ["tenant_id", "stopped_at"]},
        ],
    )
}}
{% set changed = (
    "(tenant_id, conversation_id) in (select tenant_id, conversation_id from scope)"
    if is_incremental()
    else "true"
) %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    policies as (
        select *
        from {{ ref("stg_config__sla_policies") }}
        where valid_to is null and inbox_id is null and priority is null
    ),

    sync_runs as (select * from {{ ref("stg_ops__sync_runs") }}),

    -- what still runs is judged by the source's clock when it was last read:
    -- Chatwoot's, or the bot's where there is no Chatwoot
    clocks as (
        select distinct on (tenant_id) tenant_id, source_clock
        from sync_runs
        where status = 'succeeded' and source_clock is not null
        order by tenant_id, source desc, sync_id desc
    ),

    {% if is_incremental() %}
        -- besides what changed: what the moving clock has carried past its due instant
        scope as (
            {{ conversations_changed() }}
            union
            select stored.tenant_id, stored.conversation_id
            from {{ this }} as stored
            join clocks as k on k.tenant_id = stored.tenant_id
            where
                {{ tenant_requested("stored.tenant_id") }}
                and stored.stopped_at is null
                and (stored.status = 'running') <> (k.source_clock <= stored.due_at)
        ),
    {% endif %}

    conversations as (select * from {{ ref("fct_conversations") }} where {{ changed }}),

    replies as (select * from {{ ref("fct_replies") }} where {{ changed }}),

    -- stopped_at: when what was asked for happened; ended_at: when it could no longer
    -- happen
    first_responses as (
        select
            c.tenant_id,
            c.conversation_id,
            'first_response' as metric,
            0 as wait_number,
            c.first_response_started_at as started_at,
            c.first_human_reply_at as stopped_at,
            c.first_response_ended_at as ended_at,
            coalesce(c.first_response_agent_id, c.agent_id) as agent_id
        from conversations as c
        where c.customer_messages > 0 and not c.is_only_with_bot
    ),

    next_responses as (
        select
            r.tenant_id,
            r.conversation_id,
            'next_response' as metric,
            r.wait_number,
            r.started_at,
            case when r.ended_by = 'human_reply' then r.ended_at end as stopped_at,
            case when r.ended_by <> 'human_reply' then r.ended_at end as ended_at,
            r.agent_id
        from replies as r
        where r.is_after_first_response
    ),

    resolutions as (
        select
            c.tenant_id,
            c.conversation_id,
            'resolution' as metric,
            0 as wait_number,
            c.created_at as started_at,
            c.first_resolved_at as stopped_at,
            case when c.is_closed then c.created_at end as ended_at,
            c.agent_id
        from conversations as c
    ),

    measured as (
        select *
        from first_responses
        union all
        select *
        from next_responses
        union all
        select *
        from resolutions
    ),

    due as (
        select
            m.*,
            p.threshold_seconds,
            m.started_at + p.threshold_seconds * interval '1 second' as due_at
        from measured as m
        join policies as p on p.tenant_id = m.tenant_id and p.metric = m.metric
    ),

    judged as (
        select
            d.*,
            case
                when d.stopped_at <= d.due_at
                then 'met'
                when d.stopped_at > d.due_at
                then 'breached'
                -- ended without it: breached if it was late by then, else it cannot
                -- be known
                when d.ended_at > d.due_at
                then 'breached'
                when d.ended_at is not null
                then null
                when k.source_clock > d.due_at
                then 'breached'
                else 'running'
            end as status
        from due as d
        left join clocks as k on k.tenant_id = d.tenant_id
    ),

    final as (
        select
            j.tenant_id,
            j.conversation_id,
            j.metric,
            j.wait_number,
            'tenant' as policy_source,
            c.inbox_id,
            c.team_id,
            coalesce(j.agent_id, c.agent_id) as agent_id,
            j.threshold_seconds,
            j.started_at,
            {{ local_date("j.started_at", "t.timezone") }} as sla_date,
            j.due_at,
            coalesce(j.stopped_at, j.ended_at) as stopped_at,
            j.status
        from judged as j
        join
            conversations as c
            on c.tenant_id = j.tenant_id
            and c.conversation_id = j.conversation_id
        join tenants as t on t.tenant_id = j.tenant_id
        where j.status is not null
    )

select *
from final
