-- The talks the bot led by a playbook, and since when their person is a customer.
select t.playbook, t.created_at as started_at, t.intent, c.customer_since
from marts.fct_conversations as t
left join marts.dim_contacts as c on c.tenant_id = t.tenant_id and c.person_id = t.person_id
where t.tenant_id = %(tenant_id)s and t.playbook is not null
