with
    source as (select * from {{ source("ml", "lead_scores") }}),

    final as (
        select
            tenant_id,
            person_id,
            scored_as_of,
            probability,
            reason_1,
            reason_2,
            reason_3,
            churn_risk,
            best_hour,
            playbook,
            method,
            model_version,
            is_checked
        from source

    )

select *
from final
