select
    tenant_id,
    inbox_id,
    day_of_week,
    closed_all_day as is_closed_all_day,
    open_all_day as is_open_all_day,
    open_hour,
    open_minutes,
    close_hour,
    close_minutes,
    _deleted_at is not null as is_removed
from {{ source("raw_chatwoot", "working_hours") }}
