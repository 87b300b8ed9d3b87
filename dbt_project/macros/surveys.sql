{#- The days on which surveys were sent in the conversations that changed: noted before voice_daily is built, for a survey stands
    with the inbox of its conversation and who has it. -#}
{% macro note_survey_days(surveys) %}
    {% if is_incremental() %}
        {{
            note_keys(
                "surveys.asked_date",
                [
                    "select tenant_id, asked_date::text from "
                    ~ surveys
                    ~ " where "
                    ~ conversation_changed()
                ],
            )
        }}
    {% endif %}
{% endmacro %}
