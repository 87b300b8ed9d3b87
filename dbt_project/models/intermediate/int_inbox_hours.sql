{{ config(materialized="view") }}

with
    inboxes as (select * from {{ ref("stg_chatwoot__inboxes") }}),

    working_hours as (select * from {{ ref("stg_chatwoot__working_hours") }}),

    -- an inbox that is gone keeps the hours it had, for its conversations
    final as (
        select
            w.tenant_id,
            w.inbox_id,
            i.timezone,
            w.day_of_week,
            case
                when w.is_closed_all_day or w.is_open_all_day
                then interval '0'
                else
                    make_interval(
                        hours => coalesce(w.open_hour, 0)::integer,
                        mins => coalesce(w.open_minutes, 0)::integer
                    )
            end as opens,
            case
                when w.is_closed_all_day
                then interval '0'
                when w.is_open_all_day
                then interval '24 hours'
                else
                    make_interval(
                        hours => coalesce(w.close_hour, 0)::integer,
                        mins => coalesce(w.close_minutes, 0)::integer
                    )
            end as closes
        from working_hours as w
        join inboxes as i on i.tenant_id = w.tenant_id and i.inbox_id = w.inbox_id
        where i.has_working_hours and (i.is_removed or not w.is_removed)
    )

select *
from final
