{% macro status_of_activity(activity_type, activity_status, content) -%}
    case
        when {{ activity_type }} = 'conversation_status_changed'
        then
            case
                {{ activity_status }}
                when 'open'
                then 'opened'
                else {{ activity_status }}
            end
        -- Chatwoot before 4.16 only writes a sentence, in the account's language
        when
            {{ content }}
            ~* '^(a )?conversa foi (marcada como )?resolvida p|^(the )?conversation was (marked )?(as )?resolved by|^(la )?conversaci[oó]n fue ((marcada como )?resuelta|marcada) por'
        then 'resolved'
        when
            {{ content }}
            ~* '^(a )?conversa foi (reaberta|aberta|marcada como aberta) |^o sistema reabriu a conversa|^(the )?conversation was (reopened|opened|marked (as )?open) |^system reopened the conversation|^(la )?conversaci[oó]n fue (reabierta|abierta|marcada como abierta) |^el sistema reabri[oó] la conversaci[oó]n'
        then 'opened'
        when
            {{ content }}
            ~* '^(a )?conversa foi marcada como pendente |^(the )?conversation was marked as pending |^(la )?conversaci[oó]n fue marcada como pendiente '
        then 'pending'
        when
            {{ content }}
            ~* '^(a )?conversa foi adiada |^(the )?conversation was snoozed |^(la )?conversaci[oó]n fue pospuesta '
        then 'snoozed'
    end
{%- endmacro %}
