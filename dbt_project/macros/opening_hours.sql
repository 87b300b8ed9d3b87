{% macro open_seconds_until(instant, tenant_id, inbox_id) -%}
    left join
        lateral(
            select
                h.open_seconds_before
                + {{
                    seconds_between(
                        "h.opens_at", "least(" ~ instant ~ ", h.closes_at)"
                    )
                }} as open_seconds
            from {{ ref("int_opening_hours") }} as h
            where
                h.tenant_id = {{ tenant_id }}
                and h.inbox_id = {{ inbox_id }}
                and h.opens_at <= {{ instant }}
            order by h.opens_at desc
            limit 1
        )
{%- endmacro %}

{% macro instant_of_open_seconds(open_seconds, tenant_id, inbox_id) -%}
    left join
        lateral(
            select
                case
                    when
                        {{ open_seconds }} - h.open_seconds_before
                        < {{ seconds_between("h.opens_at", "h.closes_at") }}
                    then
                        h.opens_at
                        + ({{ open_seconds }} - h.open_seconds_before)
                        * interval '1 second'
                end as instant
            from {{ ref("int_opening_hours") }} as h
            where
                h.tenant_id = {{ tenant_id }}
                and h.inbox_id = {{ inbox_id }}
                and h.open_seconds_before <= {{ open_seconds }}
            order by h.open_seconds_before desc, h.opens_at desc
            limit 1
        )
{%- endmacro %}

{% macro utc_offset(instant, timezone) -%}
    ({{ instant }} at time zone {{ timezone }}) - ({{ instant }} at time zone 'UTC')
{%- endmacro %}
