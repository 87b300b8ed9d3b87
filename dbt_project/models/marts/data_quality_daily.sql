{{
    config(
        incremental_strategy="replace_tenants",
        indexes=[{"columns": ["tenant_id", "date_day"]}],
    )
}}
-- looked for where there may be any, for it takes long
{% set orphaned = {
    "conversation_messages": tenant_may_have_orphans("conversation_messages"),
    "llm_interactions": tenant_may_have_orphans("llm_interactions"),
} %}
{% set changed = (
    "tenant_id in (select tenant_id from scope)"
    if is_incremental()
    else "true"
) %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    clocks as (select * from {{ ref("int_clocks") }}),

    all_bookings as not materialized(
        select * from {{ ref("fct_bookings") }} where {{ tenant_requested() }}
    ),

    rejected_rows as (
        select * from {{ ref("stg_ops__rejected_rows") }} where {{ tenant_requested() }}
    ),

    sync_runs as (
        select * from {{ ref("stg_ops__sync_runs") }} where {{ tenant_requested() }}
    ),

    lags as (
        select
            tenant_id,
            source,
            finished_at,
            finished_at - lag(finished_at) over (
                partition by tenant_id, source order by sync_id
            ) as lag
        from sync_runs
        where status = 'succeeded'
    ),

    -- what the clock and the syncs tell, whether or not a row changed
    running as (
        select
            b.tenant_id,
            {{ local_date("b.scheduled_for", "t.timezone") }} as date_day,
            'overdue_booking' as check_name,
            'bot.procedure_bookings' as subject,
            count(*) as problems,
            null::bigint as longest_seconds
        from all_bookings as b
        join tenants as t on t.tenant_id = b.tenant_id
        join clocks as k on k.tenant_id = b.tenant_id
        where
            b.status = 'booked'
            and {{ local_date("b.scheduled_for", "t.timezone") }} < k.clock_date
        group by b.tenant_id, {{ local_date("b.scheduled_for", "t.timezone") }}
        union all
        select
            b.tenant_id,
            b.attended_date,
            'attended_in_the_future',
            'bot.procedure_bookings',
            count(*),
            null
        from all_bookings as b
        join clocks as k on k.tenant_id = b.tenant_id
        where b.attended_date > k.clock_date
        group by b.tenant_id, b.attended_date
        union all
        select
            r.tenant_id,
            {{ local_date("r.first_seen_at", "t.timezone") }},
            'rejected_row',
            r.source || '.' || r.resource,
            count(*),
            null
        from rejected_rows as r
        join tenants as t on t.tenant_id = r.tenant_id
        group by
            r.tenant_id,
            {{ local_date("r.first_seen_at", "t.timezone") }},
            r.source,
            r.resource
        union all
        select
            s.tenant_id,
            {{ local_date("s.started_at", "t.timezone") }},
            'failed_sync',
            s.source,
            count(*),
            null
        from sync_runs as s
        join tenants as t on t.tenant_id = s.tenant_id
        where s.status = 'failed'
        group by s.tenant_id, {{ local_date("s.started_at", "t.timezone") }}, s.source
        union all
        select
            l.tenant_id,
            {{ local_date("l.finished_at", "t.timezone") }},
            'late_sync',
            l.source,
            count(*),
            max(extract(epoch from l.lag))::bigint
        from lags as l
        join tenants as t on t.tenant_id = l.tenant_id
        where l.lag > {{ var("late_after_hours") }} * interval '1 hour'
        group by l.tenant_id, {{ local_date("l.finished_at", "t.timezone") }}, l.source
    ),

    {% if is_incremental() %}
        stored as (
            select tenant_id, date_day, check_name, subject, problems, longest_seconds
            from {{ this }}
            where
                check_name in (
                    'overdue_booking',
                    'attended_in_the_future',
                    'rejected_row',
                    'failed_sync',
                    'late_sync'
                )
                and {{ tenant_requested() }}
        ),

        scope as (
            select tenant_id
            from clocks
            where {{ tenant_changed() }}
            union
            select tenant_id
            from
                (
                    select *
                    from running
                    except
                    select *
                    from stored
                ) as come
            union
            select tenant_id
            from
                (
                    select *
                    from stored
                    except
                    select *
                    from running
                ) as gone
        ),
    {% endif %}

    people as (select * from {{ ref("dim_contacts") }} where {{ changed }}),

    conversations as not materialized(
        select * from {{ ref("fct_conversations") }} where {{ changed }}
    ),

    bot_conversations as (
        select * from {{ ref("stg_bot__conversations") }} where {{ changed }}
    ),

    bot_messages as (
        select tenant_id, bot_conversation_id, created_at
        from {{ ref("stg_bot__conversation_messages") }}
        where {{ changed }} and {{ orphaned["conversation_messages"] }}
    ),

    llm_calls as (
        select tenant_id, bot_conversation_id, created_at
        from {{ ref("stg_bot__llm_interactions") }}
        where {{ changed }} and {{ orphaned["llm_interactions"] }}
    ),

    listed_leads as (
        select tenant_id, lead_id from {{ ref("stg_bot__leads") }} where {{ changed }}
    ),

    listed_contacts as (
        select tenant_id, contact_id
        from {{ ref("stg_chatwoot__contacts") }}
        where {{ changed }}
    ),

    answers as (select * from {{ ref("fct_feedback") }} where {{ changed }}),

    leads as not materialized(select * from {{ ref("fct_leads") }} where {{ changed }}),

    bookings as not materialized(select * from all_bookings where {{ changed }}),

    costs as (select * from {{ ref("fct_campaign_costs") }} where {{ changed }}),

    campaigns as (
        select * from {{ ref("dim_campaigns") }} where is_listed and {{ changed }}
    ),

    -- a row per thing that is wrong
    found as (
        select
            tenant_id,
            customer_date as date_day,
            'won_before_contact' as check_name,
            'people' as subject
        from people
        where is_won_before_contact and is_in_funnel
        union all
        select
            tenant_id,
            created_date,
            'conversation_without_person',
            source || '.conversations'
        from conversations
        where person_id is null
        union all
        select
            c.tenant_id,
            {{ local_date("c.started_at", "t.timezone") }},
            v.check_name,
            'bot.conversations'
        from bot_conversations as c
        join tenants as t on t.tenant_id = c.tenant_id
        cross join
            lateral(
                values
                    ('ended_before_it_began', c.ended_at < c.started_at),
                    ('handed_off_before_it_began', c.handoff_at < c.started_at),
                    ('closed_without_end', c.status = 'closed' and c.ended_at is null)
            ) as v(check_name, is_wrong)
        where v.is_wrong
        union all
        select
            c.tenant_id,
            {{ local_date("c.started_at", "t.timezone") }},
            'without_its_lead',
            'bot.conversations'
        from bot_conversations as c
        join tenants as t on t.tenant_id = c.tenant_id
        left join
            listed_leads as l on l.tenant_id = c.tenant_id and l.lead_id = c.lead_id
        where l.tenant_id is null
        union all
        select
            c.tenant_id, c.created_date, 'without_its_contact', 'chatwoot.conversations'
        from conversations as c
        left join
            listed_contacts as k
            on k.tenant_id = c.tenant_id
            and k.contact_id = c.contact_id
        where c.contact_id is not null and k.tenant_id is null
        union all
        select
            m.tenant_id,
            {{ local_date("m.created_at", "t.timezone") }},
            'without_its_conversation',
            'bot.conversation_messages'
        from bot_messages as m
        join tenants as t on t.tenant_id = m.tenant_id
        left join
            bot_conversations as c
            on c.tenant_id = m.tenant_id
            and c.bot_conversation_id = m.bot_conversation_id
        where c.tenant_id is null
        union all
        select
            m.tenant_id,
            {{ local_date("m.created_at", "t.timezone") }},
            'without_its_conversation',
            'bot.llm_interactions'
        from llm_calls as m
        join tenants as t on t.tenant_id = m.tenant_id
        left join
            bot_conversations as c
            on c.tenant_id = m.tenant_id
            and c.bot_conversation_id = m.bot_conversation_id
        where c.tenant_id is null
        union all
        select
            tenant_id,
            answered_date,
            'without_its_conversation',
            case
                source
                when 'bot'
                then 'bot.feedback'
                else 'chatwoot.csat_survey_responses'
            end
        from answers
        where conversation_id is null
        union all
        select tenant_id, booked_date, 'without_its_lead', 'bot.procedure_bookings'
        from bookings
        where lead_id is null
        union all
        select
            tenant_id, attended_date, 'attended_without_value', 'bot.procedure_bookings'
        from bookings
        where is_attended_without_value
        union all
        select tenant_id, created_date, 'converted_without_date', 'bot.leads'
        from leads
        where status = 'converted' and converted_at is null
        union all
        select l.tenant_id, l.created_date, 'without_its_campaign', 'bot.leads'
        from leads as l
        left join
            campaigns as c
            on c.tenant_id = l.tenant_id
            and c.campaign_id = l.campaign_id
        where l.campaign_id is not null and c.tenant_id is null
        union all
        select s.tenant_id, s.cost_date, 'without_its_campaign', 'bot.campaign_costs'
        from costs as s
        left join
            campaigns as c
            on c.tenant_id = s.tenant_id
            and c.campaign_id = s.campaign_id
        where c.tenant_id is null
    ),

    final as (
        select
            tenant_id,
            date_day,
            check_name,
            subject,
            count(*) as problems,
            null::bigint as longest_seconds
        from found
        group by tenant_id, date_day, check_name, subject
        union all
        select *
        from running
        where {{ changed }}
    )

select *
from final
