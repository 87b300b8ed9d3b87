select
    date_trunc('month', started_date)::date as month,
    percentile_cont(0.5) within group (order by wait_seconds),
    percentile_cont(0.9) within group (order by wait_seconds)
from marts.fct_replies
where tenant_id = %(tenant_id)s and ended_by = 'human_reply'
group by 1
order by 1
