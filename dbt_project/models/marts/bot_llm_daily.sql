{{
    config(
        incremental_strategy="replace_keys",
        meta={"key": "date_day", "changed_by": ["calls.date_day"]},
        pre_hook="{{ note_days_of_calls() }}",
    )
}}
{% set changed = key_changed("date_day") if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    calls as (
        select c.*, {{ local_date("c.created_at", "t.timezone") }} as date_day
        from {{ ref("stg_bot__llm_interactions") }} as c
        join tenants as t on t.tenant_id = c.tenant_id
        where {{ key_near("c.created_at") }}
    ),

    priced as (
        select
            *,
            {{ llm_cost_usd("model", "prompt_tokens", "completion_tokens") }}
            as cost_usd
        from calls
        where {{ changed }}
    ),

    counted as (
        select
            c.tenant_id,
            c.date_day,
            c.model,
            count(*) as calls,
            count(distinct c.bot_conversation_id) as conversations,
            coalesce(sum(c.prompt_tokens), 0)::bigint as prompt_tokens,
            coalesce(sum(c.completion_tokens), 0)::bigint as completion_tokens,
            sum(c.cost_usd)::numeric(18, 8) as cost_usd,
            count(*) - count(c.cost_usd) as calls_without_price,
            avg(c.latency_ms)::double precision as latency_mean_ms,
            percentile_cont(0.5) within group (
                order by c.latency_ms
            ) as latency_median_ms,
            percentile_cont(0.95) within group (
                order by c.latency_ms
            ) as latency_p95_ms,
            avg(c.confidence::numeric)::double precision as mean_confidence,
            count(c.validated_intent) as validated,
            count(*) filter (where c.intent = c.validated_intent) as correct
        from priced as c
        group by c.tenant_id, c.date_day, c.model
    ),

    final as (
        select
            tenant_id,
            date_day,
            model,
            calls,
            conversations,
            prompt_tokens,
            completion_tokens,
            cost_usd,
            calls_without_price,
            latency_mean_ms,
            latency_median_ms,
            latency_p95_ms,
            mean_confidence,
            validated,
            correct,
            correct::double precision / nullif(validated, 0) as intent_accuracy
        from counted
    )

select *
from final
