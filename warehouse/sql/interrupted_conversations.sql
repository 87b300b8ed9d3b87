-- The talks that went on after one of the moments, and have not been read as they stood then (by these rules).
select m.at, t.conversation_id, t.chatwoot_conversation_id
from unnest(%(moments)s::timestamptz[]) as m(at)
join
    marts.fct_conversations as t
    on t.created_at <= m.at
    and t.first_customer_message_at <= m.at
    and t.last_message_at > m.at
left join
    analysis.earlier_readings as r
    on r.tenant_id = t.tenant_id
    and r.conversation_id = t.conversation_id
    and r.read_as_of = m.at
    and r.prompt_version = %(prompt_version)s
where t.tenant_id = %(tenant_id)s and r.tenant_id is null
order by t.conversation_id collate "C", m.at
