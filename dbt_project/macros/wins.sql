{#- The days on which people became customers who have conversations that changed: noted before team_performance_daily is built, for
    who wrote to them last before it won them. -#}
{% macro note_days_of_wins(contacts, conversations) %}
    {% if is_incremental() %}
        {{
            note_keys(
                "wins.customer_date",
                [
                    "select tenant_id, customer_date::text from "
                    ~ contacts
                    ~ " where customer_date is not null and ((tenant_id, person_id) in ("
                    ~ changed_keys(["fct_conversations.person_id"])
                    ~ ") or (tenant_id, person_id) in (select tenant_id, person_id from "
                    ~ conversations
                    ~ " where "
                    ~ conversation_changed()
                    ~ "))"
                ],
            )
        }}
    {% endif %}
{% endmacro %}
