{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    agents as (select * from {{ ref("stg_chatwoot__agents") }} where {{ changed }}),

    events as (select * from {{ ref("int_conversation_events") }} where {{ changed }}),

    conversations as (select * from {{ ref("fct_conversations") }} where {{ changed }}),

    -- the source lists current members only: those who left live on in what they
    -- wrote and were given
    seen as (
        select tenant_id, agent_id
        from agents
        union
        select tenant_id, agent_id
        from events
        where agent_id is not null
        union
        select tenant_id, agent_id
        from conversations
        where agent_id is not null
    ),

    final as (
        select
            s.tenant_id,
            s.agent_id,
            coalesce(a.agent_name, 'agent ' || s.agent_id) as agent_name,
            a.agent_role,
            coalesce(a.is_removed, true) as is_removed
        from seen as s
        left join agents as a on a.tenant_id = s.tenant_id and a.agent_id = s.agent_id
    )

select *
from final
