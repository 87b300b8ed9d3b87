select
    tenant_id,
    id as message_id,
    conversation_id as chatwoot_conversation_id,
    inbox_id,
    message_type,
    content_type,
    content,
    private as is_private,
    status,
    sender_type,
    sender_id,
    content_attributes ->> 'automation_rule_id' as automation_rule_id,
    extra #>> '{additional_attributes, campaign_id}' as campaign_id,
    coalesce(content_attributes ->> 'external_echo', 'false')
    = 'true' as is_external_echo,
    coalesce(content_attributes ->> 'deleted', 'false') = 'true' as is_deleted,
    content_attributes #>> '{activity, type}' as activity_type,
    content_attributes #>> '{activity, status}' as activity_status,
    created_at
from {{ source("raw_chatwoot", "messages") }}
where _deleted_at is null
