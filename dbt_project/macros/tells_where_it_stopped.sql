{% macro tells_where_it_stopped(event_type) -%}
    {{ event_type }} in (
        'created',
        'customer_message',
        'human_reply',
        'bot_reply',
        'handed_off',
        'resolved'
    )
{%- endmacro %}
