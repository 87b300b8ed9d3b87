{% macro inbox_channel(channel_type) -%}
    lower(
        regexp_replace(
            regexp_replace({{ channel_type }}, '^Channel::', ''),
            '(?<=[a-z])([A-Z])',
            '_\1',
            'g'
        )
    )
{%- endmacro %}
