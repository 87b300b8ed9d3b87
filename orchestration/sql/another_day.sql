-- Tenants for whom another day has begun, by the source's own clock, since their last complete build: what is overdue, what a
-- month has brought to date and who has been silent for how long changes by the day although no row does.
with
    clocks as (
        select
            tenants.tenant_id,
            (latest.source_clock at time zone tenants.timezone)::date as today,
            (built.source_clock at time zone tenants.timezone)::date as built_on
        from config.tenants
        cross join lateral (
            select started_at
            from ops.builds
            where builds.tenant_id = tenants.tenant_id and completed_at is not null
            order by completed_at desc
            limit 1
        ) as last_build
        -- Chatwoot's clock where there is Chatwoot, as the marts have it
        cross join lateral (
            select source_clock
            from ops.sync_runs as runs
            where runs.tenant_id = tenants.tenant_id and status = 'succeeded' and source_clock is not null
            order by (source = 'chatwoot') = tenants.has_chatwoot desc, sync_id desc
            limit 1
        ) as latest
        left join lateral (
            select source_clock
            from ops.sync_runs as runs
            where
                runs.tenant_id = tenants.tenant_id
                and status = 'succeeded'
                and source_clock is not null
                and finished_at <= last_build.started_at
            order by (source = 'chatwoot') = tenants.has_chatwoot desc, sync_id desc
            limit 1
        ) as built on true
        where tenants.tenant_id = any(%(tenants)s)
    )

select tenant_id from clocks where today is distinct from built_on
