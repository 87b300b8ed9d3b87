-- Each tenant's headline figures, straight from the marts.
with
    conversations as (
        select
            tenant_id,
            count(*) as conversations,
            percentile_cont(0.5) within group (order by first_response_seconds) as median_first_response_seconds
        from marts.fct_conversations
        group by tenant_id
    ),
    funnel as (
        select tenant_id, sum(contacts) as contacts, sum(leads) as leads, sum(customers) as customers
        from marts.funnel_daily
        group by tenant_id
    ),
    money as (
        select roi.tenant_id, sum(roi.revenue) as revenue, sum(roi.cost) as cost
        from marts.roi_by_channel_monthly as roi
        join marts.dim_tenants as tenants on tenants.tenant_id = roi.tenant_id and tenants.currency = roi.currency
        group by roi.tenant_id
    ),
    sla as (
        select tenant_id, sum(met)::float8 / nullif(sum(met) + sum(breached), 0) as first_response_compliance
        from marts.sla_daily
        where metric = 'first_response'
        group by tenant_id
    ),
    nps as (
        select tenant_id, 100 * (sum(promoters) - sum(detractors))::float8 / nullif(sum(answers), 0) as nps
        from marts.nps_monthly
        group by tenant_id
    ),
    bots as (select tenant_id from marts.tenant_freshness where source = 'bot')
select
    tenants.tenant_id,
    tenants.tenant_name,
    tenants.currency,
    coalesce(conversations.conversations, 0) as conversations,
    coalesce(funnel.contacts, 0) as contacts,
    coalesce(funnel.leads, 0) as leads,
    -- only a bot tells of bookings: without one nobody knows who became a customer
    case when bots.tenant_id is not null then coalesce(funnel.customers, 0) end as customers,
    money.revenue,
    100 * (money.revenue - money.cost) / nullif(money.cost, 0) as roi_pct,
    conversations.median_first_response_seconds,
    sla.first_response_compliance,
    nps.nps
from marts.dim_tenants as tenants
left join conversations on conversations.tenant_id = tenants.tenant_id
left join funnel on funnel.tenant_id = tenants.tenant_id
left join money on money.tenant_id = tenants.tenant_id
left join sla on sla.tenant_id = tenants.tenant_id
left join nps on nps.tenant_id = tenants.tenant_id
left join bots on bots.tenant_id = tenants.tenant_id
where tenants.tenant_id = any (%(tenants)s)
order by tenants.tenant_id
