{{ config(incremental_strategy="replace_tenants") }}
{% set changed = (
    "tenant_id in (select tenant_id from scope)"
    if is_incremental()
    else "true"
) %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    clocks as (select * from {{ ref("int_clocks") }}),

    -- every day from the first on which anything happened to the source's own today
    first_and_last as (
        select tenant_id, min(wrote_on) as first_day, max(wrote_on) as last_day
        from {{ ref("int_customer_days") }}
        where {{ tenant_requested() }}
        group by tenant_id
        union all
        select tenant_id, min(created_date), max(created_date)
        from {{ ref("fct_conversations") }}
        where {{ tenant_requested() }}
        group by tenant_id
        union all
        select
            f.tenant_id,
            {{ local_date("min(f.resolved_at)", "min(t.timezone)") }},
            {{ local_date("max(f.resolved_at)", "min(t.timezone)") }}
        from {{ ref("int_first_contact_resolutions") }} as f
        join tenants as t on t.tenant_id = f.tenant_id
        where {{ tenant_requested("f.tenant_id") }}
        group by f.tenant_id
    ),

    spans as (
        select
            s.tenant_id,
            min(s.first_day) as first_day,
            greatest(max(s.last_day), max(k.clock_date)) as last_day
        from first_and_last as s
        left join clocks as k on k.tenant_id = s.tenant_id
        group by s.tenant_id
    ),

    {% if is_incremental() %}
        -- besides what changed: tenants for whom a day has begun, or a wait for a
        -- recontact has ended
        scope as (
            select tenant_id
            from clocks
            where {{ tenant_changed() }}
            union
            select s.tenant_id
            from spans as s
            full join
                (
                    select
                        tenant_id,
                        max(date_day) as last_day,
                        sum(resolutions_decided) as decided
                    from {{ this }}
                    where {{ tenant_requested() }}
                    group by tenant_id
                ) as stored
                on stored.tenant_id = s.tenant_id
            left join
                (
                    select tenant_id, count(is_first_contact_resolution) as decided
                    from {{ ref("int_first_contact_resolutions") }}
                    where {{ tenant_requested() }}
                    group by tenant_id
                ) as now
                on now.tenant_id = s.tenant_id
            where
                s.last_day is distinct from stored.last_day
                or coalesce(now.decided, 0) <> coalesce(stored.decided, 0)
        ),
    {% endif %}

    customer_days as (select * from {{ ref("int_customer_days") }} where {{ changed }}),

    conversations as (select * from {{ ref("fct_conversations") }} where {{ changed }}),

    resolutions as (
        select * from {{ ref("int_first_contact_resolutions") }} where {{ changed }}
    ),

    days as (
        select s.tenant_id, d::date as date_day
        from spans as s
        cross join
            generate_series(
                s.first_day::timestamp, s.last_day::timestamp, interval '1 day'
            ) as d
        where {{ changed | replace("tenant_id in", "s.tenant_id in") }}
    ),

    person_days as (
        select
            c.tenant_id,
            c.person_id,
            d.wrote_on,
            sum(d.messages) as messages,
            min(d.first_at) as first_at,
            max(d.last_at) as last_at
        from customer_days as d
        join
            conversations as c
            on c.tenant_id = d.tenant_id
            and c.conversation_id = d.conversation_id
        where c.person_id is not null
        group by c.tenant_id, c.person_id, d.wrote_on
    ),

    in_order as (
        select
            *,
            lag(last_at) over (
                partition by tenant_id, person_id order by wrote_on
            ) as previous_at,
            lead(wrote_on) over (
                partition by tenant_id, person_id order by wrote_on
            ) as next_on
        from person_days
    ),

    activity as (
        select
            tenant_id,
            wrote_on as date_day,
            sum(messages)::bigint as customer_messages,
            count(*) as dau,
            count(*) filter (
                where first_at >= previous_at + interval '7 days'
            ) as reengaged,
            sum(messages - case when previous_at is null then 1 else 0 end)::bigint
            as gaps,
            sum(
                {{ seconds_between("coalesce(previous_at, first_at)", "last_at") }}
            )::bigint as gap_seconds
        from in_order
        group by tenant_id, wrote_on
    ),

    -- somebody is active in a week or month from the day they write on until it ends,
    -- or until they write again, which begins another
    changes as (
        select tenant_id, wrote_on as date_day, 1 as week, 1 as month
        from in_order
        union all
        select tenant_id, least(wrote_on + 7, next_on), -1, 0
        from in_order
        union all
        select tenant_id, least(wrote_on + 30, next_on), 0, -1
        from in_order
    ),

    changes_by_day as (
        select tenant_id, date_day, sum(week) as week, sum(month) as month
        from changes
        group by tenant_id, date_day
    ),

    churn as (
        select
            tenant_id,
            wrote_on + {{ var("churned_after_days") }} as date_day,
            count(*) as churned
        from in_order
        where next_on is null or next_on > wrote_on + {{ var("churned_after_days") }}
        group by tenant_id, wrote_on
    ),

    replies as (
        select
            tenant_id,
            created_date as date_day,
            count(*) as conversations_reached,
            count(*) filter (
                where last_customer_message_at > first_reply_at
            ) as conversations_answered
        from conversations
        where first_reply_at is not null
        group by tenant_id, created_date
    ),

    decisions as (
        select
            r.tenant_id,
            {{ local_date("r.resolved_at", "t.timezone") }} as date_day,
            count(*) as resolutions_decided,
            count(*) filter (
                where r.is_first_contact_resolution
            ) as first_contact_resolutions
        from resolutions as r
        join tenants as t on t.tenant_id = r.tenant_id
        where r.is_first_contact_resolution is not null
        group by r.tenant_id, {{ local_date("r.resolved_at", "t.timezone") }}
    ),

    counted as (
        select
            d.tenant_id,
            d.date_day,
            coalesce(a.customer_messages, 0) as customer_messages,
            coalesce(a.dau, 0) as dau,
            (
                sum(coalesce(c.week, 0)) over (
                    partition by d.tenant_id order by d.date_day
                )
            )::bigint as wau,
            (
                sum(coalesce(c.month, 0)) over (
                    partition by d.tenant_id order by d.date_day
                )
            )::bigint as mau,
            coalesce(a.reengaged, 0) as reengaged,
            coalesce(h.churned, 0) as churned,
            coalesce(a.gaps, 0) as gaps,
            coalesce(a.gap_seconds, 0) as gap_seconds,
            coalesce(p.conversations_reached, 0) as conversations_reached,
            coalesce(p.conversations_answered, 0) as conversations_answered,
            coalesce(r.resolutions_decided, 0) as resolutions_decided,
            coalesce(r.first_contact_resolutions, 0) as first_contact_resolutions
        from days as d
        left join activity as a on a.tenant_id = d.tenant_id and a.date_day = d.date_day
        left join
            changes_by_day as c on c.tenant_id = d.tenant_id and c.date_day = d.date_day
        left join churn as h on h.tenant_id = d.tenant_id and h.date_day = d.date_day
        left join replies as p on p.tenant_id = d.tenant_id and p.date_day = d.date_day
        left join
            decisions as r on r.tenant_id = d.tenant_id and r.date_day = d.date_day
    ),

    final as (
        select
            tenant_id,
            date_day,
            customer_messages,
            dau,
            wau,
            mau,
            dau::double precision / nullif(mau, 0) as stickiness,
            reengaged,
            churned,
            gaps,
            gap_seconds,
            gap_seconds::double precision / nullif(gaps, 0) as mean_gap_seconds,
            conversations_reached,
            conversations_answered,
            conversations_answered::double precision
            / nullif(conversations_reached, 0) as response_rate,
            resolutions_decided,
            first_contact_resolutions,
            first_contact_resolutions::double precision
            / nullif(resolutions_decided, 0) as first_contact_resolution_rate,
            (resolutions_decided - first_contact_resolutions)::double precision
            / nullif(resolutions_decided, 0) as recontact_rate
        from counted
    )

select *
from final
