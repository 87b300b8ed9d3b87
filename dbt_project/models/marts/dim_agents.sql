{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "agent_id",
            "changed_by": [
                "int_conversation_events.agent_id",
                "fct_conversations.agent_id",
                "agents.agent_id",
            ],
        },
        pre_hook="{{ note_agents() }}",
    )
}}

with
    agents as (select * from {{ ref("stg_chatwoot__agents") }}),

    events as (select * from {{ ref("int_conversation_events") }}),

    conversations as (select * from {{ ref("fct_conversations") }}),

    {% if is_incremental() %}
        named as (
            {{ changed_keys(model.config.meta.changed_by, "bigint") }}
            union
            select tenant_id, agent_id
            from {{ this }}
            where {{ tenant_is_whole() }}
            union
            select tenant_id, agent_id
            from events
            where {{ tenant_is_whole() }} and agent_id is not null
            union
            select tenant_id, agent_id
            from conversations
            where {{ tenant_is_whole() }} and agent_id is not null
            union
            select tenant_id, agent_id
            from agents
            where {{ tenant_is_whole() }}
        ),

        -- one look is enough for most, who have written a lot
        seen as (
            select n.tenant_id, n.agent_id
            from named as n(tenant_id, agent_id)
            where
                exists (
                    select 1
                    from agents as a
                    where a.tenant_id = n.tenant_id and a.agent_id = n.agent_id
                )
                or exists (
                    select 1
                    from events as e
                    where e.tenant_id = n.tenant_id and e.agent_id = n.agent_id
                )
                or exists (
                    select 1
                    from conversations as c
                    where c.tenant_id = n.tenant_id and c.agent_id = n.agent_id
                )
        ),
    {% else %}
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
    {% endif %}

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
