select
    m.tenant_id,
    'chatwoot-' || m.chatwoot_conversation_id as conversation_id,
    m.chatwoot_conversation_id,
    m.message_id,
    case
        when m.message_type = 'activity'
        then
            coalesce(
                {{
                    status_of_activity(
                        "m.activity_type", "m.activity_status", "m.content"
                    )
                }},
                {{ assignment_of_activity("m.content") }}
            )
        when m.is_private
        then null
        when m.message_type = 'incoming'
        then 'customer_message'
        when m.message_type <> 'outgoing'
        then null
        when m.sender_type in ('agent_bot', 'captain_assistant')
        then 'bot_reply'
        when m.automation_rule_id is not null or m.campaign_id is not null
        then null
        -- a user's messages lose their sender with the user; a survey on
        -- WhatsApp never had one. The API does not tell a campaign's message
        -- from a reply: what comes before the first reply is none
        when
            (m.sender_type = 'user' or m.sender_type is null or m.is_external_echo)
            and m.content_type is distinct from 'input_csat'
            and {{ whole_seconds("m.created_at") }}
            >= {{ whole_seconds("c.first_reply_created_at") }}
        then 'human_reply'
    end as meaning,
    case when m.sender_type = 'user' then m.sender_id end as agent_id,
    m.created_at as happened_at,
    c.status = 'resolved' as is_closed
from {{ ref("stg_chatwoot__messages") }} as m
join
    {{ ref("stg_chatwoot__conversations") }} as c
    on c.tenant_id = m.tenant_id
    and c.chatwoot_conversation_id = m.chatwoot_conversation_id
