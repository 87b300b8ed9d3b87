{{
    config(
        incremental_strategy="replace_conversations",
        indexes=[
            {"columns": ["tenant_id", "sla_date"]},
            {"columns": ["tenant_id", "status"]},
            {"columns": ["tenant_id", "stopped_at"]},
            {"columns": ["tenant_id", "due_at"]},
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

    policies as (select * from {{ ref("stg_config__sla_policies") }}),

    chatwoot_policies as (select * from {{ ref("stg_chatwoot__sla_policies") }}),

    applied_slas as (select * from {{ ref("stg_chatwoot__applied_slas") }}),

    clocks as (select * from {{ ref("int_clocks") }}),

    {% if is_incremental() %}
        -- besides what changed: what the moving clock, the source's when it was last
        -- read,
        -- has carried past its due instant
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
            union
            select tenant_id, conversation_id
            from {{ this }}
            where {{ tenant_requested() }} and due_at is null
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
            c.first_response_agent_id as agent_id
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
            -- what nobody told the end of ended with the talk
            case
                when r.ended_by is null and c.is_closed
                then r.started_at
                when r.ended_by <> 'human_reply'
                then r.ended_at
            end as ended_at,
            r.agent_id
        from replies as r
        join
            conversations as c
            on c.tenant_id = r.tenant_id
            and c.conversation_id = r.conversation_id
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
            c.first_resolution_agent_id as agent_id
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

    placed as (
        select
            m.*,
            c.inbox_id,
            c.team_id,
            c.agent_id as present_agent_id,
            c.priority,
            c.hours_inbox_id,
            c.chatwoot_conversation_id
        from measured as m
        join
            conversations as c
            on c.tenant_id = m.tenant_id
            and c.conversation_id = m.conversation_id
    ),

    -- the tenant's policy in force when the clock began: the one for inbox and
    -- priority, else the priority's, else the inbox's, else everybody's; of two the one
    -- that began last
    under_tenant_policy as (
        select distinct
            on (p.tenant_id, p.conversation_id, p.metric, p.wait_number)
            p.*,
            'tenant' as policy_source,
            t.threshold_seconds,
            t.is_business_hours_only
        from placed as p
        join
            policies as t
            on t.tenant_id = p.tenant_id
            and t.metric = p.metric
            and (t.inbox_id is null or t.inbox_id = p.inbox_id)
            and (t.priority is null or t.priority = p.priority)
            and t.valid_from <= p.started_at
            and (t.valid_to is null or t.valid_to > p.started_at)
        order by
            p.tenant_id,
            p.conversation_id,
            p.metric,
            p.wait_number,
            t.priority is null,
            t.inbox_id is null,
            t.valid_from desc
    ),

    -- Chatwoot's policy, which cannot be taken off a conversation again, counts from
    -- the creation; waits that began before it was applied are not under it
    applied as (
        select distinct
            on (a.tenant_id, a.chatwoot_conversation_id)
            a.tenant_id,
            a.chatwoot_conversation_id,
            a.created_at as applied_at,
            p.first_response_seconds,
            p.next_response_seconds,
            p.resolution_seconds,
            coalesce(p.is_business_hours_only, false) as is_business_hours_only
        from applied_slas as a
        join
            chatwoot_policies as p
            on p.tenant_id = a.tenant_id
            and p.sla_policy_id = a.sla_policy_id
        order by a.tenant_id, a.chatwoot_conversation_id, a.applied_sla_id
    ),

    applied_thresholds as (
        select
            a.tenant_id,
            a.chatwoot_conversation_id,
            a.applied_at,
            a.is_business_hours_only,
            t.metric,
            t.threshold_seconds
        from applied as a
        cross join
            lateral(
                values
                    ('first_response', a.first_response_seconds),
                    ('next_response', a.next_response_seconds),
                    ('resolution', a.resolution_seconds)
            ) as t(metric, threshold_seconds)
        where t.threshold_seconds is not null
    ),

    under_chatwoot_policy as (
        select
            p.*,
            'chatwoot' as policy_source,
            a.threshold_seconds::bigint as threshold_seconds,
            a.is_business_hours_only
        from placed as p
        join
            applied_thresholds as a
            on a.tenant_id = p.tenant_id
            and a.chatwoot_conversation_id = p.chatwoot_conversation_id
            and a.metric = p.metric
        where
            p.metric <> 'next_response'
            or p.started_at >= {{ whole_seconds("a.applied_at") }}
    ),

    under_policy as (
        select *
        from under_tenant_policy
        union all
        select *
        from under_chatwoot_policy
    ),

    due as (
        select
            u.*,
            coalesce(u.stopped_at, u.ended_at) as over_at,
            {{ seconds_between("u.started_at", "coalesce(u.stopped_at, u.ended_at)") }}
            as elapsed_seconds,
            until_over.open_seconds
            - until_start.open_seconds as elapsed_business_seconds,
            case
                when u.is_business_hours_only
                then business_due.instant
                else u.started_at + u.threshold_seconds * interval '1 second'
            end as due_at
        from
            under_policy as u
            {{ open_seconds_until("u.started_at", "u.tenant_id", "u.hours_inbox_id") }}
            as until_start
            on true
            {{
                open_seconds_until(
                    "coalesce(u.stopped_at, u.ended_at)",
                    "u.tenant_id",
                    "u.hours_inbox_id",
                )
            }} as until_over on true
            {{
                instant_of_open_seconds(
                    "case when u.is_business_hours_only then until_start.open_seconds + u.threshold_seconds end",
                    "u.tenant_id",
                    "u.hours_inbox_id",
                )
            }}
            as business_due
            on true
    ),

    -- without a due instant it never opens, and nothing is ever late
    judged as (
        select
            d.*,
            case
                when d.stopped_at is not null
                then case when d.stopped_at > d.due_at then 'breached' else 'met' end
                -- ended without it: breached if it was late by then, else it cannot
                -- be known
                when d.ended_at is not null
                then case when d.ended_at > d.due_at then 'breached' end
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
            j.policy_source,
            j.inbox_id,
            j.team_id,
            case
                when j.metric = 'resolution' and j.stopped_at is not null
                then j.agent_id
                else coalesce(j.agent_id, j.present_agent_id)
            end as agent_id,
            j.threshold_seconds,
            j.is_business_hours_only,
            j.started_at,
            {{ local_date("j.started_at", "t.timezone") }} as sla_date,
            j.due_at,
            j.over_at as stopped_at,
            j.elapsed_seconds,
            j.elapsed_business_seconds,
            j.status
        from judged as j
        join tenants as t on t.tenant_id = j.tenant_id
        where j.status is not null
    )

select *
from final
