-- From what each series was forecast last: the same input, by the same code, is not forecast again.
create table ml.forecast_inputs (
    tenant_id text not null,
    series text not null,
    grain text not null check (grain in ('hour', 'day')),
    fingerprint text not null,
    forecast_at timestamptz not null default now(),
    primary key (tenant_id, series, grain)
);
