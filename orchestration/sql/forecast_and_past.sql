-- Daily conversations as they came and as they were expected: two months back, and what is to come.
with
    forecast as (
        select
            (starts_at at time zone %(timezone)s)::date as day, predicted, lower_80, upper_80, model
        from ml.demand_forecasts
        where
            tenant_id = %(tenant_id)s
            and series = 'conversations'
            and grain = 'day'
            and starts_at >= (
                select max(trained_until) from ml.demand_forecasts where tenant_id = %(tenant_id)s
            ) - interval '60 days'
    ),

    happened as (
        select (created_at at time zone %(timezone)s)::date as day, count(*) as conversations
        from marts.fct_conversations
        where tenant_id = %(tenant_id)s
        group by 1
    ),

    known as (
        select (max(trained_until) at time zone %(timezone)s)::date as until
        from ml.demand_forecasts
        where tenant_id = %(tenant_id)s
    )

select
    f.day,
    case when f.day < k.until then coalesce(h.conversations, 0) end as conversations,
    f.predicted,
    f.lower_80,
    f.upper_80,
    f.model
from forecast as f
cross join known as k
left join happened as h on h.day = f.day
order by f.day
