select
    b.tenant_id,
    b.booking_id,
    b.lead_id,
    coalesce(l.channel, '(none)') as channel,
    l.campaign_id,
    b.procedure,
    b.status,
    b.value,
    coalesce(b.currency, t.currency) as currency,
    b.booked_at,
    b.scheduled_for,
    b.status = 'attended' as is_attended,
    case
        when b.status = 'attended' then coalesce(b.scheduled_for, b.booked_at)
    end as attended_at
from {{ ref("stg_bot__procedure_bookings") }} as b
join {{ ref("stg_config__tenants") }} as t on t.tenant_id = b.tenant_id
left join
    {{ ref("int_leads") }} as l on l.tenant_id = b.tenant_id and l.lead_id = b.lead_id
