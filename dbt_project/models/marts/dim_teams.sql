{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    teams as (select * from {{ ref("stg_chatwoot__teams") }} where {{ changed }}),

    conversations as (select * from {{ ref("fct_conversations") }} where {{ changed }}),

    seen as (
        select tenant_id, team_id
        from teams
        union
        select tenant_id, team_id
        from conversations
        where team_id is not null
    ),

    final as (
        select
            s.tenant_id,
            s.team_id,
            coalesce(t.team_name, 'team ' || s.team_id) as team_name,
            coalesce(t.is_removed, true) as is_removed
        from seen as s
        left join teams as t on t.tenant_id = s.tenant_id and t.team_id = s.team_id
    )

select *
from final
