select
    date_trunc('month', cohort_date)::date as month,
    sum(contacts)::bigint,
    sum(engaged)::bigint,
    sum(leads)::bigint,
    sum(appointments)::bigint,
    sum(customers)::bigint
from marts.funnel_daily
where tenant_id = %(tenant_id)s
group by 1
order by 1
