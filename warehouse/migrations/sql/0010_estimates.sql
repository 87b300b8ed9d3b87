-- What the coming months may bring, where the marketing budget is spent best, what customers are worth, what prices do.
create table ml.revenue_forecasts (
    tenant_id text not null,
    month date not null,  -- its first day
    currency text not null,
    expected numeric(18, 2) not null,
    lower_80 numeric(18, 2) not null,
    upper_80 numeric(18, 2) not null,
    so_far numeric(18, 2) not null,  -- this month's revenue before the forecast, part of expected
    from_pipeline numeric(18, 2) not null,  -- booked already, as far as people usually come; part of expected
    method text not null,
    backtest_wape double precision,
    baseline_wape double precision,
    backtest_forecasts integer not null,
    forecast_as_of timestamptz not null,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, month)
);

create table ml.budget_allocations (
    tenant_id text not null,
    channel text not null,
    currency text not null,
    cost_now numeric(18, 2) not null,  -- a week, over the last four
    cost_advised numeric(18, 2) not null,
    gain double precision not null,  -- customers a week
    gain_lower_80 double precision not null,
    gain_upper_80 double precision not null,
    certainty double precision not null,  -- that the whole change brings more customers
    verdict text not null,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, channel)
);

create table ml.customer_values (
    tenant_id text not null,
    segment text not null,  -- the channel customers came by
    currency text not null,
    customers integer not null,
    months integer not null,
    value numeric(18, 2) not null,  -- of a customer's first months
    lower_80 numeric(18, 2) not null,
    upper_80 numeric(18, 2) not null,
    is_own boolean not null,  -- false: too few customers, the value is that of all
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, segment)
);

create table ml.price_responses (
    tenant_id text not null,
    procedure text not null,
    bookings integer not null,
    prices integer not null,
    effect double precision,  -- change of the chance to come for a price 10 % higher
    lower_80 double precision,
    upper_80 double precision,
    verdict text not null,
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, procedure)
);
