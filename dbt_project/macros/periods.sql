{#- Which periods the marts of return add up again, noted before one is built: those with a day on which something changed. -#}
{% macro note_periods(owned=false) %}
    {% if is_incremental() %}
        {%- set days -%}
            {{
                changed_keys(
                    [
                        "dim_contacts.customer_date",
                        "fct_bookings.attended_date",
                        "fct_bookings.scheduled_date",
                        "fct_campaign_costs.cost_date",
                    ],
                    "date",
                )
            }}
            {% if owned %}
                union
                {{ days_owned_otherwise() }}
            {% endif %}
        {%- endset -%}
        {{
            note_keys(
                model.name ~ "_periods.period",
                [
                    "select d.tenant_id, p.period from ("
                    ~ days
                    ~ ") as d(tenant_id, day) cross join lateral (values ('day ' || d.day),"
                    ~ " ('week ' || date_trunc('week', d.day::timestamp)::date),"
                    ~ " ('month ' || date_trunc('month', d.day::timestamp)::date), ('total')) as p(period)"
                ],
            )
        }}
    {% endif %}
{% endmacro %}

{% macro days_owned_otherwise() -%}
    {#- days that the owner pays for now and did not in what is stored, or the other way round: the span of what is known moves -#}
    select s.tenant_id, d::date
    from
        (
            select
                t.tenant_id,
                {{ first_owned_day("t.tenant_id") }} as first_day,
                k.clock_date as last_day,
                stored.first_day as stored_first_day,
                stored.last_day as stored_last_day
            from {{ ref("stg_config__tenants") }} as t
            join {{ ref("int_clocks") }} as k on k.tenant_id = t.tenant_id
            left join
                (
                    select
                        tenant_id,
                        min(period_start) as first_day,
                        max(period_start) as last_day
                    from {{ this }}
                    where period = 'day' and owner_cost > 0
                    group by tenant_id
                ) as stored
                on stored.tenant_id = t.tenant_id
            where {{ tenant_requested("t.tenant_id") }} and t.owner_cost_per_month > 0
            -- the first day is looked up once, not for each day
            offset 0
        ) as s
    cross join
        lateral generate_series(
            least(s.first_day, s.stored_first_day)::timestamp,
            greatest(s.last_day, s.stored_last_day)::timestamp,
            interval '1 day'
        ) as d
    where
        coalesce(d between s.first_day and s.last_day, false)
        <> coalesce(d between s.stored_first_day and s.stored_last_day, false)
{%- endmacro %}

{% macro first_owned_day(tenant_id) -%}
    {#- the first on which anything is known -#}
    least(
        (
            select min(e.cohort_date)
            from {{ ref("dim_contacts") }} as e
            where e.tenant_id = {{ tenant_id }}
        ),
        (
            select min(e.cost_date)
            from {{ ref("fct_campaign_costs") }} as e
            where e.tenant_id = {{ tenant_id }}
        )
    )
{%- endmacro %}
