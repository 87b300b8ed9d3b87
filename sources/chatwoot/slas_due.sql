-- SLAs still running of which a threshold ran out in a span of time, youngest first, each with how many of the rows that the
-- server's list of missed SLAs shows are younger. Servers before 4.16.0 do not say when a threshold runs out; they count
-- by the wall clock.
with applied as (
    select
        applied.created_at,
        applied.sla_status in ('active', 'active_with_misses') as is_running,
        applied.sla_status in ('missed', 'active_with_misses') as is_missed,
        array[
            coalesce(
                to_timestamp((applied.extra ->> 'sla_frt_due_at')::double precision),
                conversation.created_at + policy.first_response_seconds * interval '1 second'
            ),
            coalesce(
                to_timestamp((applied.extra ->> 'sla_nrt_due_at')::double precision),
                conversation.waiting_since + policy.next_response_seconds * interval '1 second'
            ),
            coalesce(
                to_timestamp((applied.extra ->> 'sla_rt_due_at')::double precision),
                conversation.created_at + policy.resolution_seconds * interval '1 second'
            )
        ] as due
    from raw_chatwoot.applied_slas as applied
    inner join raw_chatwoot.conversations as conversation
        on conversation.tenant_id = applied.tenant_id and conversation.id = applied.conversation_id
    left join raw_chatwoot.sla_policies as policy
        on policy.tenant_id = applied.tenant_id and policy.id = applied.sla_policy_id
    where applied.tenant_id = %s and applied._deleted_at is null
),

ranked as (
    select
        *,
        sum(is_missed::integer) over (order by created_at desc) as missed_before
    from applied
)

select created_at, missed_before
from ranked
where is_running and exists (select from unnest(due) as at where at > %s and at <= %s)
order by created_at desc
