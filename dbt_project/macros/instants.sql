{% macro whole_seconds(instant) -%} date_trunc('second', {{ instant }}) {%- endmacro %}

{% macro seconds_between(started_at, ended_at) -%}
    extract(epoch from {{ ended_at }} - {{ started_at }})::bigint
{%- endmacro %}

{% macro local_date(instant, timezone) -%}
    ({{ instant }} at time zone {{ timezone }})::date
{%- endmacro %}
