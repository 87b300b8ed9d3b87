{#-
    Which answers a tick reads again, noted before fct_feedback is built: those that changed, and those given in a conversation that
    did, in either system's name for it.
-#}
{% macro note_answers() %}
    {% if is_incremental() %}
        {%- set feedback = source("raw_bot", "feedback") -%}
        {%- set bot_conversations = source("raw_bot", "conversations") -%}
        {%- set responses = source("raw_chatwoot", "csat_survey_responses") -%}
        {%- set stored = (
            "select tenant_id, answer_id from "
            ~ this
            ~ " where (tenant_id, conversation_id) in ("
            ~ changed_keys(["fct_conversations.conversation_id"])
            ~ ") and source = "
        ) -%}
        {{
            note_keys(
                "answers.response_id",
                [
                    "select tenant_id, id::text from "
                    ~ responses
                    ~ " where "
                    ~ row_changed(),
                    "select tenant_id, id::text from "
                    ~ responses
                    ~ " where (tenant_id, conversation_id) in ("
                    ~ conversations_changed("chatwoot_conversation_id")
                    ~ ")",
                    stored ~ "'chatwoot'",
                ],
            )
        }}
        {{
            note_keys(
                "answers.feedback_id",
                [
                    "select tenant_id, id from "
                    ~ feedback
                    ~ " where "
                    ~ row_changed(),
                    "select tenant_id, id from "
                    ~ feedback
                    ~ " where (tenant_id, conversation_id) in ("
                    ~ conversations_changed("bot_conversation_id")
                    ~ " union select tenant_id, id from "
                    ~ bot_conversations
                    ~ " where (tenant_id, chatwoot_conversation_id) in ("
                    ~ conversations_changed("chatwoot_conversation_id")
                    ~ "))",
                    stored ~ "'bot'",
                ],
            )
        }}
        {{
            note_keys(
                "answers.answer",
                [
                    "select tenant_id, 'chatwoot ' || key from ("
                    ~ changed_keys(["answers.response_id"])
                    ~ ") as k(tenant_id, key)",
                    "select tenant_id, 'bot ' || key from ("
                    ~ changed_keys(["answers.feedback_id"])
                    ~ ") as k(tenant_id, key)",
                ],
            )
        }}
    {% endif %}
{% endmacro %}
