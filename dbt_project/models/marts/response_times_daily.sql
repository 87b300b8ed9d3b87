{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "response_date",
            "changed_by": [
                "fct_conversations.first_response_date@responses",
                "fct_conversations.first_resolved_date@responses",
                "fct_replies.ended_date",
            ],
        },
        indexes=[
            {"columns": ["tenant_id", "response_date"]},
            {"columns": ["tenant_id", "dimension", "metric", "response_date"]},
        ],
    )
}}
{% set changed = key_changed() if is_incremental() else "true" %}

with
    conversations as not materialized(select * from {{ ref("fct_conversations") }}),

    replies as (select * from {{ ref("fct_replies") }}),

    responses as ({{ response_times("conversations", "replies") }}),

    summed as (
        select
            tenant_id,
            response_date,
            metric,
            case
                grouping(inbox_id, team_id, agent_id)
                when 3
                then 'inbox'
                when 5
                then 'team'
                when 6
                then 'agent'
                else 'tenant'
            end as dimension,
            coalesce(inbox_id, team_id, agent_id) as dimension_id,
            count(*) as responses,
            avg(seconds)::double precision as mean_seconds,
            percentile_cont(array[0.5, 0.95, 0.99]) within group (
                order by seconds
            ) as percentiles,
            avg(business_seconds)::double precision as mean_business_seconds,
            percentile_cont(array[0.5, 0.95, 0.99]) within group (
                order by business_seconds
            ) as business_percentiles
        from responses
        where {{ changed }}
        group by
            grouping sets (
                (tenant_id, response_date, metric),
                (tenant_id, response_date, metric, inbox_id),
                (tenant_id, response_date, metric, team_id),
                (tenant_id, response_date, metric, agent_id)
            )
    ),

    final as (
        select
            tenant_id,
            response_date,
            metric,
            dimension,
            dimension_id,
            responses,
            mean_seconds,
            percentiles[1] as median_seconds,
            percentiles[2] as p95_seconds,
            percentiles[3] as p99_seconds,
            mean_business_seconds,
            business_percentiles[1] as median_business_seconds,
            business_percentiles[2] as p95_business_seconds,
            business_percentiles[3] as p99_business_seconds
        from summed
    )

select *
from final
