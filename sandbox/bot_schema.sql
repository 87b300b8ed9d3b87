-- The bot's tables, as the contract names them. {id} is the type of its ids.
create table leads (
    id {id} primary key,
    phone text,
    name text,
    email text,
    source_channel text,
    campaign_id {id},
    maturity_score integer check (maturity_score between 0 and 100),
    status text not null check (status in ('new', 'engaged', 'qualified', 'scheduled', 'converted', 'lost')),
    assigned_to text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    converted_at timestamptz
);

create table conversations (
    id {id} primary key,
    lead_id {id} not null references leads,
    chatwoot_conversation_id integer,
    status text not null check (status in ('open', 'closed')),
    started_at timestamptz not null,
    ended_at timestamptz,
    resolved_by text check (resolved_by in ('bot', 'human')),
    handoff_at timestamptz,
    handoff_reason text,
    playbook text,
    updated_at timestamptz not null
);

create table conversation_messages (
    id {id} primary key,
    conversation_id {id} not null references conversations,
    direction text not null check (direction in ('in', 'out')),
    sender text not null check (sender in ('lead', 'bot', 'human')),
    content text,
    created_at timestamptz not null
);

create table llm_interactions (
    id {id} primary key,
    conversation_id {id} not null references conversations,
    intent text,
    confidence double precision,
    validated_intent text,
    model text,
    prompt_tokens integer,
    completion_tokens integer,
    latency_ms integer,
    created_at timestamptz not null
);

create table lead_interactions (
    id {id} primary key,
    lead_id {id} not null references leads,
    type text,
    outcome text,
    duration_seconds integer,
    agent_id text,
    created_at timestamptz not null
);

create table feedback (
    id {id} primary key,
    conversation_id {id} not null references conversations,
    score smallint,
    nps_score smallint,
    comment text,
    created_at timestamptz not null
);

create table marketing_campaigns (
    id {id} primary key,
    name text not null,
    channel text not null,
    started_on date,
    ended_on date,
    updated_at timestamptz not null
);

create table campaign_costs (
    campaign_id {id} not null references marketing_campaigns,
    cost_date date not null,
    cost numeric(12, 2) not null,
    currency text,
    impressions integer,
    clicks integer,
    primary key (campaign_id, cost_date)
);

create table procedure_bookings (
    id {id} primary key,
    lead_id {id} not null references leads,
    procedure text,
    value numeric(12, 2),
    currency text,
    booked_at timestamptz not null,
    scheduled_for timestamptz,
    status text not null check (status in ('booked', 'attended', 'no_show', 'cancelled')),
    updated_at timestamptz not null
);

create index on leads (updated_at, id);
create index on conversations (updated_at, id);
create index on conversation_messages (created_at, id);
create index on conversation_messages (conversation_id);
create index on procedure_bookings (updated_at, id);
