-- Which conversations can a database id stand for? Reporting events name a conversation by the id of Chatwoot's table,
-- everything else by the display id. What an event says of its conversation narrows it down: its inbox, the second it was
-- created (the start of a resolution or a hand-off), the second of its first reply (the end of a first response).
-- Deleted conversations stay candidates: their events may still be shown for a while.
with event as (
    select *
    from
        unnest(
            %(db_ids)s::bigint [],
            %(names)s::text [],
            %(inbox_ids)s::bigint [],
            %(starts)s::timestamptz [],
            %(ends)s::timestamptz []
        ) as event (db_id, name, inbox_id, starts_at, ends_at)
),

created as (
    select distinct db_id, inbox_id, date_trunc('second', starts_at) as at
    from event
    where
        name in (
            'conversation_resolved',
            'conversation_bot_resolved',
            'conversation_bot_handoff',
            'conversation_captain_inference_resolved',
            'conversation_captain_inference_handoff'
        )
),

replied as (
    select distinct db_id, inbox_id, date_trunc('second', ends_at) as at
    from event
    where name = 'first_response'
),

fit as (
    select created.db_id, conversation.id, true as by_creation
    from created
    inner join raw_chatwoot.conversations as conversation
        on
            conversation.tenant_id = %(tenant_id)s
            and conversation.inbox_id = created.inbox_id
            and conversation.created_at = created.at
    where conversation.db_id is null
    union all
    select replied.db_id, conversation.id, false as by_creation
    from replied
    inner join raw_chatwoot.conversations as conversation
        on
            conversation.tenant_id = %(tenant_id)s
            and conversation.inbox_id = replied.inbox_id
            and conversation.first_reply_created_at = replied.at
    where conversation.db_id is null
)

select db_id, id, bool_or(by_creation) as by_creation, bool_or(not by_creation) as by_reply
from fit
group by db_id, id
