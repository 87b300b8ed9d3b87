select
    tenant_id,
    name as tenant_name,
    vertical,
    timezone,
    locale,
    currency,
    country,
    subdivision,
    holidays,
    owner_cost_per_month,
    has_chatwoot,
    has_bot,
    analyzer_engine,
    is_active
from {{ source("config", "tenants") }}
