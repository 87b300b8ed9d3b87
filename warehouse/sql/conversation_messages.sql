-- What was said in some conversations, in order: no private notes, activities, templates, automations or campaigns, and
-- nothing that has been deleted.
select conversation_id, speaker, content, created_at
from
    (
        select
            'chatwoot-' || conversation_id as conversation_id,
            case
                when message_type = 'incoming'
                then 'customer'
                when sender_type in ('agent_bot', 'captain_assistant')
                then 'bot'
                when
                    content_attributes ? 'automation_rule_id' or extra #> '{additional_attributes, campaign_id}' is not null
                then null
                when sender_type = 'user' or content_attributes ->> 'external_echo' = 'true'
                then 'human'
            end as speaker,
            content,
            created_at,
            lpad(id::text, 40, '0') as place
        from raw_chatwoot.messages
        where
            tenant_id = %(tenant_id)s
            and conversation_id = any(%(chatwoot_ids)s)
            and message_type in ('incoming', 'outgoing')
            and not private
            and _deleted_at is null
            and coalesce(content_attributes ->> 'deleted', 'false') <> 'true'

        union all

        select
            'bot-' || conversation_id,
            case sender when 'lead' then 'customer' else sender end,
            content,
            created_at,
            lpad(id, 40, '0')
        from raw_bot.conversation_messages
        where tenant_id = %(tenant_id)s and conversation_id = any(%(bot_ids)s) and _deleted_at is null
    ) as messages
where speaker is not null and content <> ''
order by conversation_id, created_at, place
