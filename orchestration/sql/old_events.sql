-- One batch of what may go. The kinds that say what state an asset's partition or check is in begin with ASSET_.
delete from event_logs
where
    id in (
        select e.id
        from event_logs as e
        where
            (
                e."timestamp" < now() at time zone 'utc' - make_interval(days => %(log_days)s)
                and (e.dagster_event_type is null or not starts_with(e.dagster_event_type, 'ASSET_'))
            )
            or (
                e."timestamp" < now() at time zone 'utc' - make_interval(days => %(asset_days)s)
                and starts_with(e.dagster_event_type, 'ASSET_')
                and exists (
                    select 1
                    from event_logs as later
                    where
                        later.asset_key = e.asset_key
                        and later.partition is not distinct from e.partition
                        and later.dagster_event_type = e.dagster_event_type
                        and later.id > e.id
                )
            )
        limit %(batch)s
    )
