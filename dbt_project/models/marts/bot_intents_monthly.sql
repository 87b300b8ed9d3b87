-- depends_on: {{ ref("bot_llm_daily") }}
{{
    config(
        incremental_strategy="replace_keys",
        meta={"key": "month", "changed_by": ["calls.date_day"], "grain": "month"},
    )
}}
{% set changed = key_changed("month") if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    readings as (select * from {{ ref("stg_bot__llm_interactions") }}),

    dated as (
        select
            r.tenant_id,
            date_trunc('month', r.created_at at time zone t.timezone)::date as month,
            coalesce(r.intent, '(none)') as intent,
            r.validated_intent,
            r.confidence
        from readings as r
        join tenants as t on t.tenant_id = r.tenant_id
        where {{ key_near("r.created_at") }}
    ),

    counted as (
        select
            tenant_id,
            month,
            intent,
            validated_intent,
            count(*) as readings,
            avg(confidence::numeric)::double precision as mean_confidence
        from dated
        where {{ changed }}
        group by tenant_id, month, intent, validated_intent
    ),

    final as (
        select
            tenant_id,
            month,
            intent,
            validated_intent,
            readings,
            mean_confidence,
            intent = validated_intent as is_correct,
            case
                when validated_intent is not null
                then
                    readings::double precision / nullif(
                        sum(readings) over (
                            partition by tenant_id, month, validated_intent
                        ),
                        0
                    )
            end as share_of_validated,
            case
                when validated_intent is not null
                then
                    readings::double precision / nullif(
                        sum(readings) filter (where validated_intent is not null) over (
                            partition by tenant_id, month, intent
                        ),
                        0
                    )
            end as share_of_intent
        from counted
    )

select *
from final
