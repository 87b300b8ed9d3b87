{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "month",
            "grain": "month",
            "changed_by": [
                "fct_conversations.first_response_date@responses",
                "fct_conversations.first_resolved_date@responses",
                "fct_replies.ended_date",
            ],
        },
        indexes=[{"columns": ["tenant_id", "month"]}],
    )
}}
{% set changed = key_changed() if is_incremental() else "true" %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    conversations as not materialized(select * from {{ ref("fct_conversations") }}),

    replies as (select * from {{ ref("fct_replies") }}),

    responses as ({{ response_times("conversations", "replies") }}),

    placed as (
        select
            r.*,
            date_trunc('month', r.response_date::timestamp)::date as month,
            r.started_at at time zone t.timezone as local_start
        from responses as r
        join tenants as t on t.tenant_id = r.tenant_id
    ),

    summed as (
        select
            tenant_id,
            month,
            metric,
            extract(dow from local_start)::integer as day_of_week,
            extract(hour from local_start)::integer as hour_of_day,
            count(*) as responses,
            avg(seconds)::double precision as mean_seconds,
            percentile_cont(array[0.5, 0.95]) within group (
                order by seconds
            ) as percentiles,
            avg(business_seconds)::double precision as mean_business_seconds,
            percentile_cont(array[0.5, 0.95]) within group (
                order by business_seconds
            ) as business_percentiles
        from placed
        where {{ changed }}
        group by
            tenant_id,
            month,
            metric,
            extract(dow from local_start),
            extract(hour from local_start)
    ),

    final as (
        select
            tenant_id,
            month,
            metric,
            day_of_week,
            hour_of_day,
            responses,
            mean_seconds,
            percentiles[1] as median_seconds,
            percentiles[2] as p95_seconds,
            mean_business_seconds,
            business_percentiles[1] as median_business_seconds,
            business_percentiles[2] as p95_business_seconds
        from summed
    )

select *
from final
