with
    source as (select * from {{ source("raw_chatwoot", "labels") }}),

    final as (
        select
            tenant_id,
            id as label_id,
            title,
            description,
            color,
            show_on_sidebar as is_on_sidebar
        from source
        where _deleted_at is null
    )

select *
from final
