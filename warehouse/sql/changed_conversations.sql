-- The conversations that a sync after %(after)s touched or that are due again, by the id they have in the marts, and whether
-- there (still) is such a conversation. With -1 it is every conversation, and every analysis whose conversation has left no
-- trace.
with
    due as (
        select conversation_id from analysis.due_again where tenant_id = %(tenant_id)s and due_at <= now()
    ),

    changed_in_chatwoot as (
        select id
        from raw_chatwoot.conversations
        where tenant_id = %(tenant_id)s and _sync_id > %(after)s
        union
        select conversation_id
        from raw_chatwoot.messages
        where tenant_id = %(tenant_id)s and _sync_id > %(after)s
        union
        select substr(conversation_id, length('chatwoot-') + 1)::bigint
        from due
        where starts_with(conversation_id, 'chatwoot-')
    ),

    changed_in_bot as (
        select id
        from raw_bot.conversations
        where tenant_id = %(tenant_id)s and _sync_id > %(after)s
        union
        select conversation_id
        from raw_bot.conversation_messages
        where tenant_id = %(tenant_id)s and _sync_id > %(after)s
        union
        select substr(conversation_id, length('bot-') + 1)
        from due
        where starts_with(conversation_id, 'bot-')
        union
        -- a talk of both sides is Chatwoot's while it exists there: its coming or going there makes it or unmakes it here
        select b.id
        from raw_bot.conversations as b
        join changed_in_chatwoot as c on c.id = b.chatwoot_conversation_id
        where b.tenant_id = %(tenant_id)s
    ),

    changed as (
        select 'chatwoot-' || id as conversation_id, id as chatwoot_id, null::text as bot_id
        from changed_in_chatwoot
        union all
        select 'bot-' || id, null, id
        from changed_in_bot
        union all
        select a.conversation_id, null, null
        from analysis.conversation_analysis as a
        where
            a.tenant_id = %(tenant_id)s
            and %(after)s < 0
            and a.conversation_id not in (select 'chatwoot-' || id from changed_in_chatwoot)
            and a.conversation_id not in (select 'bot-' || id from changed_in_bot)
    )

select
    changed.conversation_id,
    changed.chatwoot_id,
    changed.bot_id,
    case
        when changed.chatwoot_id is not null
        then c._deleted_at is null and c.id is not null
        else b._deleted_at is null and b.id is not null and linked.id is null
    end as is_there,
    count(*) over () as total
from changed
left join raw_chatwoot.conversations as c on c.tenant_id = %(tenant_id)s and c.id = changed.chatwoot_id
left join raw_bot.conversations as b on b.tenant_id = %(tenant_id)s and b.id = changed.bot_id
left join
    raw_chatwoot.conversations as linked
    on linked.tenant_id = %(tenant_id)s
    and linked.id = b.chatwoot_conversation_id
    and linked._deleted_at is null
order by changed.chatwoot_id, length(changed.bot_id), changed.bot_id
