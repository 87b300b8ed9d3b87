select
    tenant_id, segment, currency, customers, months, value, lower_80, upper_80, is_own
from {{ source("ml", "customer_values") }}
