select
    b.tenant_id,
    b.bot_conversation_id,
    -- a talk known to both sides is Chatwoot's while it exists there
    case
        when c.chatwoot_conversation_id is not null
        then 'chatwoot-' || c.chatwoot_conversation_id
        else 'bot-' || b.bot_conversation_id
    end as conversation_id,
    c.chatwoot_conversation_id,
    c.contact_id,
    b.lead_id,
    b.status,
    b.started_at,
    b.ended_at,
    b.resolved_by,
    b.handoff_at,
    b.handoff_reason,
    b.playbook
from {{ ref("stg_bot__conversations") }} as b
left join
    {{ ref("stg_chatwoot__conversations") }} as c
    on c.tenant_id = b.tenant_id
    and c.chatwoot_conversation_id = b.chatwoot_conversation_id
