{% macro as_of() -%}
    {%- set instant = env_var("FUNIL_AS_OF", "") if execute else "" -%}
    {%- if instant -%} '{{ instant | replace("'", "") }}'::timestamptz
    {%- else -%} current_timestamp
    {%- endif -%}
{%- endmacro %}
