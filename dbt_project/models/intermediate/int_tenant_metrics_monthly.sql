{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "month",
            "grain": "month",
            "changed_by": [
                "funnel_daily.cohort_date",
                "fct_bookings.scheduled_date",
                "fct_conversations.created_date",
                "roi_by_tenant.period_start",
                "sla_daily.sla_date",
                "nps_monthly.month",
            ],
        },
        indexes=[{"columns": ["tenant_id", "month", "metric"], "unique": true}],
    )
}}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    funnel as (
        select
            tenant_id,
            date_trunc('month', cohort_date)::date as month,
            sum(contacts) as contacts,
            sum(leads) as leads,
            sum(customers) as customers
        from {{ ref("funnel_daily") }}
        where
            {{
                (
                    key_changed("date_trunc('month', cohort_date)::date")
                    if is_incremental()
                    else "true"
                )
            }}
        group by tenant_id, date_trunc('month', cohort_date)
    ),

    bookings as (
        select
            tenant_id,
            date_trunc('month', scheduled_date)::date as month,
            count(*) filter (where status = 'no_show') as no_shows,
            count(*) filter (where status in ('attended', 'no_show')) as due
        from {{ ref("fct_bookings") }}
        where
            {{
                (
                    key_changed("date_trunc('month', scheduled_date)::date")
                    if is_incremental()
                    else "true"
                )
            }}
        group by tenant_id, date_trunc('month', scheduled_date)
    ),

    conversations as (
        select
            tenant_id,
            date_trunc('month', created_date)::date as month,
            percentile_cont(0.5) within group (
                order by first_response_seconds
            ) as first_response_seconds
        from {{ ref("fct_conversations") }}
        where
            first_response_seconds is not null
            and {{
                (
                    key_changed("date_trunc('month', created_date)::date")
                    if is_incremental()
                    else "true"
                )
            }}
        group by tenant_id, date_trunc('month', created_date)
    ),

    roi as (
        select r.tenant_id, r.period_start as month, r.roi_pct
        from {{ ref("roi_by_tenant") }} as r
        join tenants as t on t.tenant_id = r.tenant_id and t.currency = r.currency
        where
            r.period = 'month'
            and {{
                (
                    key_changed("r.period_start")
                    | replace("(tenant_id", "(r.tenant_id")
                    if is_incremental()
                    else "true"
                )
            }}
    ),

    sla as (
        select
            tenant_id,
            date_trunc('month', sla_date)::date as month,
            sum(met) as met,
            sum(met + breached) as judged
        from {{ ref("sla_daily") }}
        where
            metric = 'first_response'
            and policy_source = 'tenant'
            and {{
                (
                    key_changed("date_trunc('month', sla_date)::date")
                    if is_incremental()
                    else "true"
                )
            }}
        group by tenant_id, date_trunc('month', sla_date)
    ),

    nps as (
        select tenant_id, month, nps
        from {{ ref("nps_monthly") }}
        where {{ key_changed() if is_incremental() else "true" }}
    ),

    measured as (
        select
            tenant_id,
            month,
            'contact_to_lead' as metric,
            leads::double precision / nullif(contacts, 0)::double precision as value
        from funnel
        union all
        select
            tenant_id,
            month,
            'contact_to_customer',
            customers::double precision / nullif(contacts, 0)::double precision
        from funnel
        union all
        select
            tenant_id,
            month,
            'no_show_rate',
            no_shows::double precision / nullif(due, 0)::double precision
        from bookings
        union all
        select tenant_id, month, 'first_response_seconds', first_response_seconds
        from conversations
        union all
        select tenant_id, month, 'roi_pct', roi_pct
        from roi
        union all
        select
            tenant_id,
            month,
            'first_response_compliance',
            met::double precision / nullif(judged, 0)::double precision
        from sla
        union all
        select tenant_id, month, 'nps', nps
        from nps
    ),

    final as (
        select tenant_id, month, metric, value from measured where value is not null
    )

select *
from final
