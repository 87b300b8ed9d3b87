{{
    config(
        incremental_strategy="replace_keys",
        meta={"key": "sla_date", "changed_by": ["fct_sla.sla_date"]},
        indexes=[{"columns": ["tenant_id", "sla_date"]}],
    )
}}
{% set changed = key_changed() if is_incremental() else "true" %}

with
    sla as (select * from {{ ref("fct_sla") }} where {{ changed }}),

    counted as (
        select
            tenant_id,
            sla_date,
            policy_source,
            metric,
            inbox_id,
            team_id,
            agent_id,
            count(*) as applied,
            count(*) filter (where status = 'met') as met,
            count(*) filter (where status = 'breached') as breached,
            count(*) filter (where status = 'running') as running
        from sla
        group by tenant_id, sla_date, policy_source, metric, inbox_id, team_id, agent_id
    ),

    final as (
        select
            tenant_id,
            sla_date,
            policy_source,
            metric,
            inbox_id,
            team_id,
            agent_id,
            applied,
            met,
            breached,
            running,
            met::double precision / nullif(met + breached, 0) as compliance
        from counted
    )

select *
from final
