{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "person_id",
            "changed_by": ["fct_leads.person_id", "fct_conversations.person_id"],
        },
        indexes=[{"columns": ["tenant_id", "person_id"]}],
    )
}}
{% set changed = key_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    leads as (select * from {{ ref("fct_leads") }} where {{ changed }}),

    conversations as (
        select *
        from {{ ref("fct_conversations") }}
        where person_id is not null and {{ changed }}
    ),

    numbered as (
        select
            c.tenant_id,
            c.conversation_id,
            c.person_id,
            l.lead_id,
            l.channel,
            l.campaign_id,
            c.inbox_id,
            c.created_at,
            l.created_at as lead_created_at,
            row_number() over (
                partition by c.tenant_id, l.lead_id
                order by c.created_at, c.conversation_id collate "C"
            ) as number_of_lead
        from conversations as c
        left join leads as l on l.tenant_id = c.tenant_id and l.lead_id = c.lead_id
    ),

    touched as (
        select
            tenant_id,
            'lead-' || lead_id as touchpoint_id,
            'lead' as kind,
            person_id,
            lead_id,
            null::text as conversation_id,
            channel,
            campaign_id,
            null::bigint as inbox_id,
            created_at as touched_at
        from leads
        union all
        -- the talk with which a lead came is that lead's touch and not another; who
        -- comes back to talk later touches again
        select
            tenant_id,
            'conversation-' || conversation_id,
            'conversation',
            person_id,
            lead_id,
            conversation_id,
            coalesce(channel, '(none)'),
            campaign_id,
            inbox_id,
            created_at
        from numbered
        where
            lead_id is null
            or number_of_lead > 1
            or created_at not between lead_created_at - interval '24 hours'
            and lead_created_at + interval '24 hours'
    ),

    final as (
        select
            t.tenant_id,
            t.touchpoint_id,
            t.kind,
            t.person_id,
            t.lead_id,
            t.conversation_id,
            t.channel,
            t.campaign_id,
            t.inbox_id,
            t.touched_at,
            {{ local_date("t.touched_at", "s.timezone") }} as touched_date
        from touched as t
        join tenants as s on s.tenant_id = t.tenant_id
    )

select *
from final
