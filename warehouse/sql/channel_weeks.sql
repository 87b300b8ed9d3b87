-- What each channel cost in the tenant's currency, and how many became customers by it, in the whole weeks of the past year and
-- from the first with any cost on.
with
    costs as (
        select date_trunc('week', cost_date)::date as week, channel, sum(cost)::float8 as cost
        from marts.fct_campaign_costs
        where tenant_id = %(tenant_id)s and currency = %(currency)s
        group by 1, 2
    ),

    customers as (
        select date_trunc('week', customer_date)::date as week, channel, count(*) as customers
        from marts.dim_contacts
        where tenant_id = %(tenant_id)s and customer_date is not null
        group by 1, 2
    ),

    weeks as (
        select generate_series(min(week), max(%(today)s::date) - 7, interval '7 days')::date as week
        from costs
        where week > %(today)s::date - 371
    )

select c.channel, w.week, coalesce(k.cost, 0) as cost, coalesce(u.customers, 0) as customers
from (select distinct channel from costs) as c
cross join weeks as w
left join costs as k on k.channel = c.channel and k.week = w.week
left join customers as u on u.channel = c.channel and u.week = w.week
where w.week + 7 <= %(today)s::date
order by c.channel, w.week
