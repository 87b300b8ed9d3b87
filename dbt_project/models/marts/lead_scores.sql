{{ config(materialized="view") }}

with
    scores as (select * from {{ ref("stg_ml__lead_scores") }}),

    final as (
        select
            tenant_id,
            person_id,
            scored_as_of,
            probability,
            case
                when probability >= 0.5
                then 'hot'
                when probability >= 0.1
                then 'warm'
                else 'cold'
            end as temperature,
            reason_1,
            reason_2,
            reason_3,
            churn_risk,
            best_hour,
            playbook,
            method,
            model_version,
            is_checked
        from scores
    )

select *
from final
