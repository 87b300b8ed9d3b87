-- A shift past midnight is two rows: the second says that it began the day before, for a shift that began on a holiday is
-- closed to its end.
alter table config.business_hours add column began_day_before boolean not null default false;

-- Policies are kept as history: what a threshold was when a clock began is what that clock is held to. A tenant's first
-- policies hold since ever (-infinity); one that is changed or taken away ends, and its row stays.
alter table config.sla_policies drop constraint sla_policies_pkey;
alter table config.sla_policies
    -- 0 and '' are any inbox and any priority
    add column inbox_id bigint not null default 0,
    add column priority text not null default ''
        check (priority in ('', 'low', 'medium', 'high', 'urgent')),
    add column valid_from timestamptz not null default '-infinity',
    add column valid_to timestamptz check (valid_to > valid_from),
    add primary key (tenant_id, metric, inbox_id, priority, valid_from);
