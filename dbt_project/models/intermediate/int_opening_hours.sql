{{
    config(
        incremental_strategy="replace_found_tenants",
        indexes=[
            {"columns": ["tenant_id", "inbox_id", "opens_at"], "unique": true},
            {
                "columns": [
                    "tenant_id",
                    "inbox_id",
                    "open_seconds_before",
                    "opens_at",
                ]
            },
        ],
    )
}}
{% set changed = (
    "tenant_id in (select tenant_id from scope)"
    if is_incremental()
    else "true"
) %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    first_conversations as (
        select tenant_id, min(created_at) as created_at
        from
            (
                select tenant_id, created_at
                from {{ ref("stg_chatwoot__conversations") }}
                where {{ tenant_requested() }}
                union all
                select tenant_id, started_at
                from {{ ref("stg_bot__conversations") }}
                where {{ tenant_requested() }}
            ) as begun
        group by tenant_id
    ),

    clocks as (select * from {{ ref("int_clocks") }}),

    -- whole years, so that the calendar seldom changes: one before the first
    -- conversation, for messages older than their conversation; two after the present
    -- one, for what is due
    ranges as (
        select
            t.tenant_id,
            date_trunc('year', least(f.created_at, n.now_at), 'UTC')
            - interval '1 year' as known_from,
            date_trunc('year', n.now_at, 'UTC') + interval '3 years' as known_until
        from tenants as t
        left join first_conversations as f on f.tenant_id = t.tenant_id
        left join clocks as k on k.tenant_id = t.tenant_id
        cross join
            lateral(select coalesce(k.source_clock, {{ as_of() }}) as now_at) as n
    ),

    {% if is_incremental() %}
        -- tenants whose settings changed or whose range of years did
        scope as (
            {{ tenants_with_changed_settings() }}
            union
            select r.tenant_id
            from ranges as r
            left join
                (
                    select
                        tenant_id,
                        min(opens_at) as known_from,
                        max(closes_at) as known_until
                    from {{ this }}
                    where inbox_id = 0
                    group by tenant_id
                ) as stored
                on stored.tenant_id = r.tenant_id
            where
                {{ tenant_requested("r.tenant_id") }}
                and (r.known_from, r.known_until)
                is distinct from (stored.known_from, stored.known_until)
        ),
    {% endif %}

    chosen as (select * from tenants where {{ changed }}),

    closed_days as (
        select * from {{ ref("stg_config__closed_days") }} where {{ changed }}
    ),

    business_hours as (
        select * from {{ ref("stg_config__business_hours") }} where {{ changed }}
    ),

    inbox_hours as (select * from {{ ref("int_inbox_hours") }} where {{ changed }}),

    -- the tenant's own calendar has inbox 0; an inbox has one where it has hours of
    -- its own
    calendars as (
        select
            t.tenant_id, 0::bigint as inbox_id, t.timezone, r.known_from, r.known_until
        from chosen as t
        join ranges as r on r.tenant_id = t.tenant_id
        union all
        select
            i.tenant_id,
            i.inbox_id,
            case
                when i.timezone in (select name from pg_timezone_names)
                then i.timezone
                else t.timezone
            end,
            r.known_from,
            r.known_until
        from (select distinct tenant_id, inbox_id, timezone from inbox_hours) as i
        join chosen as t on t.tenant_id = i.tenant_id
        join ranges as r on r.tenant_id = i.tenant_id
    ),

    -- who says nothing is open around the clock
    around_the_clock as (
        select t.tenant_id, d.day_of_week
        from chosen as t
        cross join generate_series(0, 6) as d(day_of_week)
        where
            not exists (
                select 1 from business_hours as b where b.tenant_id = t.tenant_id
            )
    ),

    -- the weekly hours, as spans of the local day: one past midnight is two
    spans as (
        select
            tenant_id,
            0::bigint as inbox_id,
            day_of_week,
            opens_at::interval as opens,
            closes_at::interval as closes,
            began_day_before
        from business_hours
        union all
        select tenant_id, 0, day_of_week, interval '0', interval '24 hours', false
        from around_the_clock
        union all
        select
            tenant_id,
            inbox_id,
            day_of_week,
            opens,
            case when opens < closes then closes else interval '24 hours' end,
            false
        from inbox_hours
        where opens <> closes
        union all
        select tenant_id, inbox_id, (day_of_week + 1) % 7, interval '0', closes, true
        from inbox_hours
        where opens > closes
    ),

    -- a shift stops at a holiday's midnight; one that began on a holiday is closed to
    -- its end
    local_spans as (
        select
            c.tenant_id,
            c.inbox_id,
            c.timezone,
            d.day + s.opens as opens,
            d.day + s.closes as closes
        from calendars as c
        cross join
            lateral generate_series(
                date_trunc('day', c.known_from at time zone c.timezone),
                c.known_until at time zone c.timezone,
                interval '1 day'
            ) as d(day)
        join
            spans as s
            on s.tenant_id = c.tenant_id
            and s.inbox_id = c.inbox_id
            and s.day_of_week = extract(dow from d.day)
        where
            (c.tenant_id, d.day::date)
            not in (select tenant_id, closed_on from closed_days)
            and not (
                s.began_day_before
                and (c.tenant_id, d.day::date - 1)
                in (select tenant_id, closed_on from closed_days)
            )
    ),

    -- how far local time is from UTC, and since when. An hour that the clocks skip is
    -- nobody's; one that they repeat is open both times
    daily_offsets as (
        select
            z.tenant_id,
            z.timezone,
            d.day,
            {{ utc_offset("d.day", "z.timezone") }} as utc_offset,
            lag({{ utc_offset("d.day", "z.timezone") }}) over (
                partition by z.tenant_id, z.timezone order by d.day
            ) as utc_offset_before
        from
            (
                select distinct tenant_id, timezone, known_from, known_until
                from calendars
            ) as z
        cross join
            lateral generate_series(
                z.known_from - interval '2 days',
                z.known_until + interval '1 day',
                interval '1 day'
            ) as d(day)
    ),

    offset_changes as (
        select d.tenant_id, d.timezone, d.utc_offset, c.starts_at
        from daily_offsets as d
        cross join
            lateral(
                select min(q.instant) as starts_at
                from
                    generate_series(
                        d.day - interval '1 day', d.day, interval '15 minutes'
                    ) as q(instant)
                where {{ utc_offset("q.instant", "d.timezone") }} = d.utc_offset
            ) as c
        where d.utc_offset is distinct from d.utc_offset_before
    ),

    -- found once: the planner expects one row of what reads it, and would find it
    -- anew for each of thousands
    offsets as materialized(
        select
            *,
            lead(starts_at, 1, 'infinity') over (
                partition by tenant_id, timezone order by starts_at
            ) as ends_at
        from offset_changes
    ),

    open_spans as (
        select
            s.tenant_id,
            s.inbox_id,
            greatest(
                (s.opens - o.utc_offset) at time zone 'UTC', o.starts_at
            ) as opens_at,
            least((s.closes - o.utc_offset) at time zone 'UTC', o.ends_at) as closes_at
        from local_spans as s
        join
            offsets as o
            on o.tenant_id = s.tenant_id
            and o.timezone = s.timezone
            and (s.opens - o.utc_offset) at time zone 'UTC' < o.ends_at
            and (s.closes - o.utc_offset) at time zone 'UTC' > o.starts_at
    ),

    -- both ends of what is known are there too, as openings of no length
    bounded as (
        select
            s.tenant_id,
            s.inbox_id,
            greatest(s.opens_at, r.known_from) as opens_at,
            least(s.closes_at, r.known_until) as closes_at
        from open_spans as s
        join ranges as r on r.tenant_id = s.tenant_id
        where s.opens_at < r.known_until and s.closes_at > r.known_from
        union all
        select c.tenant_id, c.inbox_id, e.instant, e.instant
        from calendars as c
        cross join lateral(values (c.known_from), (c.known_until)) as e(instant)
    ),

    -- what touches or overlaps is one opening
    begun as (
        select
            *,
            opens_at > max(closes_at) over (
                partition by tenant_id, inbox_id
                order by opens_at, closes_at
                rows between unbounded preceding and 1 preceding
            ) as is_apart
        from bounded
    ),

    numbered as (
        select
            *,
            count(*) filter (where is_apart) over (
                partition by tenant_id, inbox_id order by opens_at, closes_at
            ) as opening
        from begun
    ),

    openings as (
        select
            tenant_id, inbox_id, min(opens_at) as opens_at, max(closes_at) as closes_at
        from numbered
        group by tenant_id, inbox_id, opening
    ),

    final as (
        select
            tenant_id,
            inbox_id,
            opens_at,
            closes_at,
            (
                sum({{ seconds_between("opens_at", "closes_at") }}) over (
                    partition by tenant_id, inbox_id order by opens_at
                )
                - {{ seconds_between("opens_at", "closes_at") }}
            )::bigint as open_seconds_before
        from openings
    )

select *
from final
