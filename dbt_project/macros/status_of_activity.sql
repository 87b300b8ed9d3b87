{% macro status_of_activity(activity_type, activity_status, content) -%}
    {#- Since 4.16 an activity says which status it tells of; before, it is a sentence in the account's language. -#}
    {%- set sentences = {
        "resolved": [
            "(a )?conversa foi (marcada como )?resolvida (por|pelo) ",
            "(the )?conversation was (marked )?(as )?resolved by ",
            "(la )?conversaci[oó]n fue ((marcada como )?resuelta|marcada) por ",
        ],
        "opened": [
            "(a )?conversa foi (reaberta|aberta|marcada como aberta) ",
            "o sistema reabriu a conversa ",
            "(the )?conversation was (reopened|opened|marked (as )?open) ",
            "(the )?system reopened the conversation ",
            "(la )?conversaci[oó]n fue (reabierta|abierta|marcada como abierta) ",
            "el sistema reabri[oó] la conversaci[oó]n ",
        ],
        "pending": [
            "(a )?conversa foi marcada como pendente ",
            "(the )?conversation was marked as pending ",
            "(la )?conversaci[oó]n fue marcada como pendiente ",
        ],
        "snoozed": [
            "(a )?conversa foi adiada ",
            "(the )?conversation was snoozed ",
            "(la )?conversaci[oó]n fue pospuesta ",
        ],
    } -%}
    case
        when {{ activity_type }} = 'conversation_status_changed'
        then replace({{ activity_status }}, 'open', 'opened')
        {% for status, patterns in sentences.items() -%}
            when {{ content }} ~* '^({{ patterns | join("|") }})' then '{{ status }}'
        {% endfor %}
    end
{%- endmacro %}
