{#-
    Which conversations a tick decides again, noted before int_first_contact_resolutions is built: those that changed, all of a
    person who has another or one less, and those whose seven days have passed.
-#}
{% macro note_resolutions(conversations, clocks) %}
    {% if is_incremental() %}
        {{
            note_keys(
                "resolutions.conversation_id",
                [
                    conversations_changed(),
                    "select tenant_id, conversation_id from "
                    ~ conversations
                    ~ " where (tenant_id, person_id) in ("
                    ~ changed_keys(["fct_conversations.person_id"])
                    ~ ")",
                    "select stored.tenant_id, stored.conversation_id from "
                    ~ this
                    ~ " as stored join "
                    ~ clocks
                    ~ " as k on k.tenant_id = stored.tenant_id where "
                    ~ tenant_requested("stored.tenant_id")
                    ~ " and stored.recontacted_at is null and not stored.is_reopened"
                    ~ " and (stored.is_first_contact_resolution is null) <> (k.source_clock < stored.decided_at)",
                ],
            )
        }}
    {% endif %}
{% endmacro %}
