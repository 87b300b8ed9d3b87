with
    source as (select * from {{ source("raw_chatwoot", "team_members") }}),

    final as (select tenant_id, team_id, agent_id from source where _deleted_at is null)

select *
from final
