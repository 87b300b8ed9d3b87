select
    tenant_id,
    id as inbox_id,
    name as inbox_name,
    channel_type as inbox_channel_type,
    provider,
    timezone,
    working_hours_enabled as has_working_hours,
    csat_survey_enabled as has_csat_survey,
    _deleted_at is not null as is_removed
from {{ source("raw_chatwoot", "inboxes") }}
