{#- The conversations that changed, as keys for a model that changes with others besides. -#}
{% macro note_talks() %}
    {% if is_incremental() %}
        {{ note_keys("talks.conversation_id", [conversations_changed()]) }}
    {% endif %}
{% endmacro %}
