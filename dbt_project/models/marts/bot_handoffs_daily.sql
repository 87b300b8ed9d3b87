{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    handed_off as (
        select *
        from {{ ref("fct_conversations") }}
        where has_bot and handed_off_at is not null and {{ changed }}
    ),

    final as (
        select
            h.tenant_id,
            {{ local_date("h.handed_off_at", "t.timezone") }} as handed_off_date,
            h.inbox_id,
            coalesce(h.handoff_reason, '(none)') as reason,
            count(*) as handoffs,
            count(*) filter (where h.human_replies > 0) as answered
        from handed_off as h
        join tenants as t on t.tenant_id = h.tenant_id
        group by
            h.tenant_id,
            {{ local_date("h.handed_off_at", "t.timezone") }},
            h.inbox_id,
            coalesce(h.handoff_reason, '(none)')
    )

select *
from final
