-- How every model did on the folds that are reported, and which one answers.
create table ml.forecast_backtests (
    tenant_id text not null,
    series text not null,
    grain text not null check (grain in ('hour', 'day')),
    model text not null,
    standing text not null check (standing in ('answers', 'beaten', 'not chosen')),
    mase double precision,
    wape double precision,
    coverage_80 double precision,
    trained_until timestamptz not null,  -- the end of the history looked back on
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, series, grain, model)
);

alter table ml.demand_forecasts
    add column backtest_wape double precision,
    add column backtest_coverage_80 double precision;

-- a series is forecast once for both its grains
drop table ml.forecast_inputs;

create table ml.forecast_inputs (
    tenant_id text not null,
    series text not null,
    fingerprint text not null,
    forecast_at timestamptz not null default now(),
    primary key (tenant_id, series)
);

-- Bursts and silences: one row per episode, kept once it was told.
create table ml.anomalies (
    tenant_id text not null,
    anomaly_id text not null,  -- series, direction and the start it was first told with
    series text not null,
    direction text not null check (direction in ('above', 'below')),
    started_at timestamptz not null,
    ended_at timestamptz not null,  -- so far, while it lasts
    is_over boolean not null,
    observed double precision not null,
    expected double precision not null,
    z double precision not null,
    severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
    noticed_at timestamptz not null,  -- the sources' clock when it was first told
    _sync_id bigint not null,
    _synced_at timestamptz not null default now(),
    primary key (tenant_id, anomaly_id)
);

-- up to which hour of the sources' clock was looked
create table ml.anomaly_looks (
    tenant_id text not null primary key,
    looked_until timestamptz not null
);
