{#- The agents of whom the source says something else: noted before dim_agents is built. -#}
{% macro note_agents() %}
    {% if is_incremental() %}
        {{
            note_keys(
                "agents.agent_id",
                [
                    "select tenant_id, id::text from "
                    ~ source("raw_chatwoot", "agents")
                    ~ " where "
                    ~ row_changed()
                ],
            )
        }}
    {% endif %}
{% endmacro %}
