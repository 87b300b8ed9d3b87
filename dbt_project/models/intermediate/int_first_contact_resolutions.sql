{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "conversation_id",
            "changed_by": ["resolutions.conversation_id"],
            "changed_through": ["fct_conversations.person_id"],
        },
        pre_hook="{{ note_resolutions(ref('fct_conversations'), ref('int_clocks')) }}",
        indexes=[
            {"columns": ["tenant_id", "conversation_id"], "unique": true},
            {"columns": ["tenant_id", "resolved_date"]},
        ],
    )
}}
{% set changed = key_changed() if is_incremental() else "true" %}

with
    clocks as (select * from {{ ref("int_clocks") }}),

    conversations as (
        select *
        from {{ ref("fct_conversations") }}
        where resolutions > 0 and {{ changed }}
    ),

    recontacted as (
        select
            c.tenant_id,
            c.conversation_id,
            c.first_resolved_at as resolved_at,
            c.first_resolved_date as resolved_date,
            c.first_resolved_at + interval '168 hours' as decided_at,
            c.is_reopened,
            n.recontacted_at
        from conversations as c
        left join
            lateral(
                select min(later.created_at) as recontacted_at
                from {{ ref("fct_conversations") }} as later
                where
                    later.tenant_id = c.tenant_id
                    and later.person_id = c.person_id
                    and later.conversation_id <> c.conversation_id
                    and later.created_at >= c.first_resolved_at
                    and later.created_at < c.first_resolved_at + interval '168 hours'
            ) as n
            on true
    ),

    final as (
        select
            r.tenant_id,
            r.conversation_id,
            r.resolved_at,
            r.resolved_date,
            r.decided_at,
            r.is_reopened,
            r.recontacted_at,
            case
                when r.is_reopened or r.recontacted_at is not null
                then false
                when k.source_clock >= r.decided_at
                then true
            end as is_first_contact_resolution
        from recontacted as r
        left join clocks as k on k.tenant_id = r.tenant_id
    )

select *
from final
