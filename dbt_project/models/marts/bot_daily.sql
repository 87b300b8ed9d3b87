{{
    config(
        incremental_strategy="replace_tenants",
        indexes=[{"columns": ["tenant_id", "created_date"]}],
    )
}}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    conversations as not materialized(
        select * from {{ ref("fct_conversations") }} where has_bot and {{ changed }}
    ),

    people as (
        select * from {{ ref("dim_contacts") }} where is_customer and {{ changed }}
    ),

    -- a customer is credited to a playbook once: where it was last tried before they
    -- became one
    won as (
        select distinct
            on (c.tenant_id, c.person_id, c.playbook) c.tenant_id, c.conversation_id
        from conversations as c
        join people as p on p.tenant_id = c.tenant_id and p.person_id = c.person_id
        where c.created_at <= p.customer_since
        order by
            c.tenant_id,
            c.person_id,
            c.playbook,
            c.created_at desc,
            c.conversation_id collate "C" desc
    ),

    counted as (
        select
            c.tenant_id,
            c.created_date,
            c.inbox_id,
            c.playbook,
            count(*) as conversations,
            count(*) filter (where c.is_closed) as closed,
            count(*) filter (
                where c.is_closed and c.human_replies = 0
            ) as closed_without_human,
            count(c.handed_off_at) as handed_off,
            count(w.conversation_id) as customers
        from conversations as c
        left join
            won as w
            on w.tenant_id = c.tenant_id
            and w.conversation_id = c.conversation_id
        group by c.tenant_id, c.created_date, c.inbox_id, c.playbook
    ),

    final as (
        select
            tenant_id,
            created_date,
            inbox_id,
            playbook,
            conversations,
            closed,
            closed_without_human,
            closed_without_human::double precision / nullif(closed, 0) as autonomy,
            handed_off,
            handed_off::double precision / nullif(conversations, 0) as handoff_rate,
            customers,
            customers::double precision / nullif(conversations, 0) as effectiveness
        from counted
    )

select *
from final
