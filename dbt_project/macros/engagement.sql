{#-
    From which day on a tick counts again what is felt of the messages: for weeks after its day somebody is active, or is about to
    fall silent, so all from the first day with another message, or that the span of what is known has won or lost. Tenants
    without such a day have no row. Noted before engagement_daily is built.
-#}
{% macro note_days_of_engagement() %}
    {% if is_incremental() %}
        {{
            note_keys(
                "engagement.date_day",
                [
                    "select f.tenant_id, d::date::text from ("
                    ~ first_days_of_engagement()
                    ~ ") as f cross join generate_series(least(f.first_day, f.gone_from)::timestamp,"
                    ~ " greatest(f.last_day, f.stored_last_day)::timestamp, interval '1 day') as d"
                ],
            )
        }}
    {% endif %}
{% endmacro %}

{% macro first_days_of_engagement() -%}
    {%- if not is_incremental() -%} {{ return(spans_of_engagement()) }} {%- endif -%}
    select
        s.tenant_id,
        s.last_day,
        stored.last_day as stored_last_day,
        case
            when stored.first_day < s.first_day or s.first_day is null
            then stored.first_day
        end as gone_from,
        case
            when s.first_day is null or {{ tenant_is_whole("s.tenant_id") }}
            then s.first_day
            else
                greatest(
                    s.first_day,
                    least(
                        min(c.day),
                        case
                            when s.first_day is distinct from stored.first_day
                            then s.first_day
                        end,
                        case
                            when s.last_day is distinct from stored.last_day
                            then least(s.last_day, stored.last_day) + 1
                        end
                    )
                )
        end as first_day
    from ({{ spans_of_engagement() }}) as s
    left join
        (
            select tenant_id, min(date_day) as first_day, max(date_day) as last_day
            from {{ this }}
            where {{ tenant_requested() }}
            group by tenant_id
        ) as stored
        on stored.tenant_id = s.tenant_id
    left join
        ({{ changed_keys(["int_customer_days.wrote_on"], "date") }}) as c(
            tenant_id, day
        )
        on c.tenant_id = s.tenant_id
    group by s.tenant_id, s.first_day, s.last_day, stored.first_day, stored.last_day
    having
        {{ tenant_is_whole("s.tenant_id") }}
        or count(c.day) > 0
        or s.first_day is distinct from stored.first_day
        or s.last_day is distinct from stored.last_day
{%- endmacro %}

{% macro spans_of_engagement() -%}
    {#- every day from the first on which anything happened to the source's own today; each end is one look into an index -#}
    select
        t.tenant_id,
        least(w.first_day, c.first_day, r.first_day) as first_day,
        greatest(w.last_day, c.last_day, r.last_day, k.clock_date) as last_day
    from {{ ref("stg_config__tenants") }} as t
    left join {{ ref("int_clocks") }} as k on k.tenant_id = t.tenant_id
    {%- for alias, relation, column in [
            ("w", ref("int_customer_days"), "wrote_on"),
            ("c", ref("fct_conversations"), "created_date"),
            ("r", ref("int_first_contact_resolutions"), "resolved_date"),
        ] %}
        cross join
            lateral(
                select
                    (
                        select min({{ column }})
                        from {{ relation }} as e
                        where e.tenant_id = t.tenant_id
                    ) as first_day,
                    (
                        select max({{ column }})
                        from {{ relation }} as e
                        where e.tenant_id = t.tenant_id
                    ) as last_day
            ) as {{ alias }}
    {%- endfor %}
    where {{ tenant_requested("t.tenant_id") }}
{%- endmacro %}
