{% macro response_times(conversations, replies) -%}
    select
        tenant_id,
        conversation_id,
        'first_response' as metric,
        inbox_id,
        team_id,
        first_response_agent_id as agent_id,
        first_response_started_at as started_at,
        first_response_date as response_date,
        first_response_seconds as seconds,
        first_response_business_seconds as business_seconds
    from {{ conversations }}
    where first_response_seconds is not null and {{ key_near("first_response_date") }}
    union all
    select
        tenant_id,
        conversation_id,
        'next_response',
        inbox_id,
        team_id,
        agent_id,
        started_at,
        ended_date,
        wait_seconds,
        wait_business_seconds
    from {{ replies }}
    where is_next_response and {{ key_near("ended_date") }}
    union all
    select
        tenant_id,
        conversation_id,
        'resolution',
        inbox_id,
        team_id,
        first_resolution_agent_id,
        created_at,
        first_resolved_date,
        resolution_seconds,
        resolution_business_seconds
    from {{ conversations }}
    where resolution_seconds is not null and {{ key_near("first_resolved_date") }}
{%- endmacro %}
