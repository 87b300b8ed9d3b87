{{ config(incremental_strategy="replace_tenants") }}
{% set changed = tenant_changed() if is_incremental() else "true" %}

with
    inboxes as (select * from {{ ref("stg_chatwoot__inboxes") }} where {{ changed }}),

    conversations as (select * from {{ ref("fct_conversations") }} where {{ changed }}),

    seen as (
        select tenant_id, inbox_id
        from inboxes
        union
        select tenant_id, inbox_id
        from conversations
        where inbox_id is not null
    ),

    final as (
        select
            s.tenant_id,
            s.inbox_id,
            coalesce(i.inbox_name, 'inbox ' || s.inbox_id) as inbox_name,
            {{ inbox_channel("i.inbox_channel_type") }} as inbox_channel,
            i.provider,
            i.timezone,
            coalesce(i.has_working_hours, false) as has_working_hours,
            coalesce(i.has_csat_survey, false) as has_csat_survey,
            coalesce(i.is_removed, true) as is_removed
        from seen as s
        left join inboxes as i on i.tenant_id = s.tenant_id and i.inbox_id = s.inbox_id
    )

select *
from final
