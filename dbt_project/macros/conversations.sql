{#-
    Which conversations a tick reads again, noted before fct_conversations is built: those that changed, and those whose contact or
    lead has become another person.
-#}
{% macro note_conversations(people) %}
    {% if is_incremental() %}
        {{
            note_keys(
                "conversations.conversation_id",
                [
                    conversations_changed(),
                    "select stored.tenant_id, stored.conversation_id from "
                    ~ this
                    ~ " as stored left join "
                    ~ people
                    ~ " as c on c.tenant_id = stored.tenant_id and c.contact_id = stored.contact_id left join "
                    ~ people
                    ~ " as l on l.tenant_id = stored.tenant_id and l.lead_id = stored.lead_id where "
                    ~ tenant_changed("stored.tenant_id")
                    ~ " and (stored.person_id is null or (stored.tenant_id, stored.person_id) in ("
                    ~ changed_keys(["int_people.person_id"])
                    ~ ")) and stored.person_id is distinct from coalesce(c.person_id, l.person_id)",
                ],
            )
        }}
    {% endif %}
{% endmacro %}
