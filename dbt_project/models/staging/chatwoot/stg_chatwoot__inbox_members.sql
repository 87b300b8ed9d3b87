with
    source as (select * from {{ source("raw_chatwoot", "inbox_members") }}),

    final as (
        select tenant_id, inbox_id, agent_id from source where _deleted_at is null
    )

select *
from final
