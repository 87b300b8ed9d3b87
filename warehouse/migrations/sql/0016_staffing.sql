-- Who works when in the coming week: one plan a tenant, replaced by the next.
create table ml.staffing_plans (
    tenant_id text not null,
    starts_on date not null,  -- the first of seven local days
    currency text not null,
    cost numeric(18, 2) not null,
    person_hours integer not null,
    hours_short double precision not null,  -- people missing, summed over hours and skills
    extra_people integer not null,  -- missing in the worst hour
    service_level double precision not null,  -- of all who are expected
    target double precision not null,
    within_seconds double precision not null,
    share_for_people double precision not null,  -- of conversations that want a person
    planned_from timestamptz not null,  -- what the forecast knew
    fingerprint text not null,  -- of everything the plan follows from
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, starts_on)
);

create table ml.staffing_hours (
    tenant_id text not null,
    starts_at timestamptz not null,
    skill text not null,
    expected double precision not null,
    needed integer not null,
    on_duty integer not null,
    short integer not null,
    service_level double precision not null,
    wait_seconds double precision,  -- null: the queue would only grow
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, starts_at, skill)
);

create table ml.staffing_shifts (
    tenant_id text not null,
    person text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    hours integer not null,
    cost numeric(18, 2) not null,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, person, starts_at)
);
