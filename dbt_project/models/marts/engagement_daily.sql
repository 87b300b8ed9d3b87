{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "date_day",
            "changed_by": [
                "engagement.date_day",
                "fct_conversations.created_date",
                "int_first_contact_resolutions.resolved_date",
            ],
            "changed_through": ["int_customer_days.wrote_on"],
        },
        pre_hook="{{ note_days_of_engagement() }}",
        indexes=[{"columns": ["tenant_id", "date_day"]}],
    )
}}
{% set created = key_changed("created_date") if is_incremental() else "true" %}
{% set resolved = key_changed("resolved_date") if is_incremental() else "true" %}
{% set changed = key_changed() if is_incremental() else "true" %}
-- for how many days it is felt that somebody wrote
{% set felt = [30, var("churned_after_days")] | max %}

with
    first_days as ({{ first_days_of_engagement() }}),

    customer_days as (select * from {{ ref("int_customer_days") }}),

    conversations as (select * from {{ ref("fct_conversations") }} where {{ created }}),

    resolutions as (
        select * from {{ ref("int_first_contact_resolutions") }} where {{ resolved }}
    ),

    days as (
        select f.tenant_id, d::date as date_day
        from first_days as f
        cross join
            generate_series(
                f.first_day::timestamp, f.last_day::timestamp, interval '1 day'
            ) as d
    ),

    -- of those who wrote lately, all they ever wrote: the others are felt no more
    felt_people as (
        select distinct d.tenant_id, d.person_id
        from customer_days as d
        join first_days as f on f.tenant_id = d.tenant_id
        where d.wrote_on >= f.first_day - {{ felt }}
    ),

    person_days as (
        select
            d.tenant_id,
            d.person_id,
            d.wrote_on,
            sum(d.messages) as messages,
            min(d.first_at) as first_at,
            max(d.last_at) as last_at
        from customer_days as d
        join felt_people as p on p.tenant_id = d.tenant_id and p.person_id = d.person_id
        group by d.tenant_id, d.person_id, d.wrote_on
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
                where first_at >= previous_at + interval '168 hours'
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

    -- what began before the first day is there on it
    changes_by_day as (
        select
            c.tenant_id,
            greatest(c.date_day, f.first_day) as date_day,
            sum(c.week) as week,
            sum(c.month) as month
        from changes as c
        join first_days as f on f.tenant_id = c.tenant_id
        group by c.tenant_id, greatest(c.date_day, f.first_day)
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
            tenant_id,
            resolved_date as date_day,
            count(*) as resolutions_decided,
            count(*) filter (
                where is_first_contact_resolution
            ) as first_contact_resolutions
        from resolutions
        where is_first_contact_resolution is not null
        group by tenant_id, resolved_date
    ),

    measured as (
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
            coalesce(a.gap_seconds, 0) as gap_seconds
        from days as d
        left join activity as a on a.tenant_id = d.tenant_id and a.date_day = d.date_day
        left join
            changes_by_day as c on c.tenant_id = d.tenant_id and c.date_day = d.date_day
        left join churn as h on h.tenant_id = d.tenant_id and h.date_day = d.date_day
        {% if is_incremental() %}
            union all
            -- before the first day, only what is said of the day's own talks is another
            select
                s.tenant_id,
                s.date_day,
                s.customer_messages,
                s.dau,
                s.wau,
                s.mau,
                s.reengaged,
                s.churned,
                s.gaps,
                s.gap_seconds
            from (select * from {{ this }} where {{ changed }}) as s
            left join first_days as f on f.tenant_id = s.tenant_id
            where
                f.tenant_id is null
                or (f.gone_from is null and s.date_day < f.first_day)
        {% endif %}
    ),

    counted as (
        select
            m.*,
            coalesce(p.conversations_reached, 0) as conversations_reached,
            coalesce(p.conversations_answered, 0) as conversations_answered,
            coalesce(r.resolutions_decided, 0) as resolutions_decided,
            coalesce(r.first_contact_resolutions, 0) as first_contact_resolutions
        from measured as m
        left join replies as p on p.tenant_id = m.tenant_id and p.date_day = m.date_day
        left join
            decisions as r on r.tenant_id = m.tenant_id and r.date_day = m.date_day
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
