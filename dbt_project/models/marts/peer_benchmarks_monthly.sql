{{
    config(
        incremental_strategy="replace_tenants",
        indexes=[{"columns": ["tenant_id", "month"]}],
    )
}}
{% set fewest_peers = 5 %}

-- The one table that looks across tenants. A row shows its tenant's own figure and what
-- is common to at least five others; all of it is computed at each build, and written
-- where it differs: somebody else's figures change a tenant's row too.
with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    metrics as (select * from {{ ref("int_tenant_metrics_monthly") }}),

    measured as (
        select m.*, t.vertical, t.is_active
        from metrics as m
        join tenants as t on t.tenant_id = m.tenant_id
    ),

    verticals as (
        select vertical, month, metric, array_agg(value order by value) as figures
        from measured
        where is_active
        group by vertical, month, metric
    ),

    -- a tenant is not its own peer: its place in the order is left out
    placed as (
        select
            m.tenant_id,
            m.vertical,
            m.month,
            m.metric,
            m.value,
            v.figures,
            coalesce(cardinality(v.figures), 0) - m.is_active::int as peers,
            case
                when m.is_active then array_position(v.figures, m.value)
            end as own_place
        from measured as m
        left join verticals as v using (vertical, month, metric)
    ),

    -- percentile_cont over the others: between the two that lie around 1 + (n - 1) x
    -- share
    shared as (
        select
            p.*,
            s.name,
            floor(1 + (p.peers - 1) * s.share)::int as below,
            1 + (p.peers - 1) * s.share - floor(1 + (p.peers - 1) * s.share) as part
        from placed as p
        cross join
            lateral(
                values ('p25', 0.25::double precision), ('median', 0.5), ('p75', 0.75)
            ) as s(name, share)
        where p.peers >= {{ fewest_peers }}
    ),

    surrounded as (
        select
            tenant_id,
            month,
            metric,
            name,
            part,
            figures[below + (below >= own_place is true)::int] as lower_figure,
            figures[
                least(below + 1, peers)
                + (least(below + 1, peers) >= own_place is true)::int
            ] as upper_figure
        from shared
    ),

    quartiles as (
        select
            tenant_id,
            month,
            metric,
            max(lower_figure + part * (upper_figure - lower_figure)) filter (
                where name = 'p25'
            ) as p25,
            max(lower_figure + part * (upper_figure - lower_figure)) filter (
                where name = 'median'
            ) as median,
            max(lower_figure + part * (upper_figure - lower_figure)) filter (
                where name = 'p75'
            ) as p75
        from surrounded
        group by tenant_id, month, metric
    ),

    compared as (
        select
            p.tenant_id,
            p.month,
            p.metric,
            p.vertical,
            p.value,
            case when p.peers >= {{ fewest_peers }} then p.peers end::bigint as peers,
            q.p25,
            q.median,
            q.p75,
            case
                when q.median is null
                then null
                when p.value < q.p25
                then 1
                when p.value < q.median
                then 2
                when p.value < q.p75
                then 3
                else 4
            end as quarter,
            p.metric
            not in ('first_response_seconds', 'no_show_rate') as is_higher_better
        from placed as p
        left join
            quartiles as q
            on q.tenant_id = p.tenant_id
            and q.month = p.month
            and q.metric = p.metric
    ),

    {% if is_incremental() %}
        differing as (
            (
                select *
                from compared
                except
                select *
                from {{ this }}
            )
            union all
            (
                select *
                from {{ this }}
                except
                select *
                from compared
            )
        ),
    {% endif %}

    final as (
        select *
        from compared
        {% if is_incremental() %}
            where
                tenant_id in (select tenant_id from differing) or {{ tenant_changed() }}
        {% endif %}
    )

select *
from final
