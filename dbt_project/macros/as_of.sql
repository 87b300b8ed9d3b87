{% macro as_of() -%}
    {%- set instant = env_var("FUNIL_AS_OF", "") if execute else "" -%}
    {%- if instant -%} timestamptz {{ dbt.string_literal(instant) }}
    {%- else -%} current_timestamp
    {%- endif -%}
{%- endmacro %}
