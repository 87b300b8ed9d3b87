select
    tenant_id,
    id as label_id,
    title,
    description,
    color,
    show_on_sidebar as is_on_sidebar
from {{ source("raw_chatwoot", "labels") }}
where _deleted_at is null
