{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "activity_date",
            "changed_by": [
                "int_reply_days.replied_on",
                "fct_conversations.first_resolved_date",
                "int_first_contact_resolutions.resolved_date",
                "dim_contacts.customer_date",
                "wins.customer_date",
                "sla_daily.sla_date",
                "fct_feedback.answered_date",
            ],
            "changed_through": ["fct_conversations.person_id"],
        },
        pre_hook="{{ note_days_of_wins(ref('dim_contacts'), ref('fct_conversations')) }}",
        indexes=[{"columns": ["tenant_id", "activity_date"]}],
    )
}}
{% set replied = key_changed("replied_on") if is_incremental() else "true" %}
{% set resolved = key_changed("first_resolved_date") if is_incremental() else "true" %}
{% set won = key_changed("customer_date") if is_incremental() else "true" %}
{% set applied = key_changed("sla_date") if is_incremental() else "true" %}
{% set answered = key_changed("answered_date") if is_incremental() else "true" %}

with
    reply_days as (select * from {{ ref("int_reply_days") }} where {{ replied }}),

    resolved as (
        select *
        from {{ ref("fct_conversations") }}
        where
            first_resolved_at is not null
            and first_resolution_agent_id is not null
            and {{ resolved }}
    ),

    first_contacts as (select * from {{ ref("int_first_contact_resolutions") }}),

    contacts as (
        select *
        from {{ ref("dim_contacts") }}
        where customer_since is not null and {{ won }}
    ),

    conversations as (select * from {{ ref("fct_conversations") }}),

    events as (
        select *
        from {{ ref("int_conversation_events") }}
        where event_type = 'human_reply' and agent_id is not null
    ),

    sla as (select * from {{ ref("sla_daily") }} where {{ applied }}),

    feedback as (select * from {{ ref("fct_feedback") }} where {{ answered }}),

    replies as (
        select
            tenant_id,
            replied_on as activity_date,
            agent_id,
            sum(replies)::bigint as replies,
            count(*) as conversations_handled
        from reply_days
        group by tenant_id, replied_on, agent_id
    ),

    -- of the talks first resolved on a day: those that did not come back, as the same
    -- talk or as a new one of the same person, of those of which that is decided
    resolutions as (
        select
            c.tenant_id,
            c.first_resolved_date as activity_date,
            c.first_resolution_agent_id as agent_id,
            count(*) as resolved,
            count(f.is_first_contact_resolution) as resolutions_decided,
            count(*) filter (
                where f.is_first_contact_resolution
            ) as first_contact_resolved
        from resolved as c
        join
            first_contacts as f
            on f.tenant_id = c.tenant_id
            and f.conversation_id = c.conversation_id
        group by c.tenant_id, c.first_resolved_date, c.first_resolution_agent_id
    ),

    -- a customer is won by who wrote to them last before they became one
    winners as (
        select distinct
            on (p.tenant_id, p.person_id)
            p.tenant_id,
            p.person_id,
            p.customer_date as activity_date,
            e.agent_id
        from contacts as p
        join
            conversations as c
            on c.tenant_id = p.tenant_id
            and c.person_id = p.person_id
        join
            events as e
            on e.tenant_id = c.tenant_id
            and e.conversation_id = c.conversation_id
            and e.occurred_at <= p.customer_since
        order by
            p.tenant_id,
            p.person_id,
            e.occurred_at desc,
            e.conversation_id collate "C" desc,
            e.position desc
    ),

    wins as (
        select tenant_id, activity_date, agent_id, count(*) as customers_won
        from winners
        group by tenant_id, activity_date, agent_id
    ),

    service_levels as (
        select
            tenant_id,
            sla_date as activity_date,
            agent_id,
            sum(met)::bigint as sla_met,
            sum(breached)::bigint as sla_breached,
            sum(running)::bigint as sla_running
        from sla
        where policy_source = 'tenant' and agent_id is not null
        group by tenant_id, sla_date, agent_id
    ),

    surveys as (
        select
            tenant_id,
            answered_date as activity_date,
            agent_id,
            count(*) as csat_answers,
            count(*) filter (where score >= 4) as csat_satisfied,
            sum(score) as csat_sum
        from feedback
        where kind = 'csat' and agent_id is not null
        group by tenant_id, answered_date, agent_id
    ),

    days as (
        select tenant_id, activity_date, agent_id
        from replies
        union
        select tenant_id, activity_date, agent_id
        from resolutions
        union
        select tenant_id, activity_date, agent_id
        from wins
        union
        select tenant_id, activity_date, agent_id
        from service_levels
        union
        select tenant_id, activity_date, agent_id
        from surveys
    ),

    joined as (
        select
            d.tenant_id,
            d.activity_date,
            d.agent_id,
            coalesce(r.replies, 0) as replies,
            coalesce(r.conversations_handled, 0) as conversations_handled,
            coalesce(s.resolved, 0) as resolved,
            coalesce(s.resolutions_decided, 0) as resolutions_decided,
            coalesce(s.first_contact_resolved, 0) as first_contact_resolved,
            coalesce(w.customers_won, 0) as customers_won,
            coalesce(l.sla_met, 0) as sla_met,
            coalesce(l.sla_breached, 0) as sla_breached,
            coalesce(l.sla_running, 0) as sla_running,
            coalesce(v.csat_answers, 0) as csat_answers,
            coalesce(v.csat_satisfied, 0) as csat_satisfied,
            v.csat_sum
        from days as d
        left join
            replies as r
            on r.tenant_id = d.tenant_id
            and r.activity_date = d.activity_date
            and r.agent_id = d.agent_id
        left join
            resolutions as s
            on s.tenant_id = d.tenant_id
            and s.activity_date = d.activity_date
            and s.agent_id = d.agent_id
        left join
            wins as w
            on w.tenant_id = d.tenant_id
            and w.activity_date = d.activity_date
            and w.agent_id = d.agent_id
        left join
            service_levels as l
            on l.tenant_id = d.tenant_id
            and l.activity_date = d.activity_date
            and l.agent_id = d.agent_id
        left join
            surveys as v
            on v.tenant_id = d.tenant_id
            and v.activity_date = d.activity_date
            and v.agent_id = d.agent_id
    ),

    final as (
        select
            tenant_id,
            activity_date,
            agent_id,
            replies,
            conversations_handled,
            conversations_handled::double precision / nullif(
                sum(conversations_handled) over (partition by tenant_id, activity_date),
                0
            )::double precision as load_share,
            resolved,
            resolutions_decided,
            first_contact_resolved,
            first_contact_resolved::double precision
            / nullif(resolutions_decided, 0) as first_contact_resolution,
            customers_won,
            sla_met,
            sla_breached,
            sla_running,
            sla_met::double precision
            / nullif(sla_met + sla_breached, 0) as sla_compliance,
            csat_answers,
            csat_sum::double precision / nullif(csat_answers, 0) as csat_mean,
            csat_satisfied::double precision
            / nullif(csat_answers, 0) as csat_satisfied_share
        from joined
    )

select *
from final
