select q.tenant_id, q.check_name, q.subject, sum(q.problems)::bigint as problems
from marts.data_quality_daily as q
join intermediate.int_clocks as k on k.tenant_id = q.tenant_id
where q.date_day > k.clock_date - %(days)s
group by q.tenant_id, q.check_name, q.subject
order by problems desc, q.tenant_id, q.check_name, q.subject
