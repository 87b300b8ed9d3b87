with
    source as (select * from {{ source("analysis", "conversation_analysis") }}),

    final as (
        select
            tenant_id,
            conversation_id,
            is_lead,
            lead_probability,
            visit_scheduled as is_visit_scheduled,
            visit_at,
            intent,
            sentiment,
            handoff_reason,
            engine,
            model,
            prompt_version,
            prompt_tokens,
            completion_tokens,
            cost_usd,
            latency_ms,
            content_hash,
            analyzed_at
        from source

    )

select *
from final
