{% macro assignment_of_activity(content) -%}
    {#- To whom, an agent or a team, is only a name in a sentence of the account's language. -#}
    {%- set sentences = {
        "unassigned": [
            "conversa (desatribu[ií]da|n[aã]o atribu[ií]da) por ",
            "(the )?conversation unassigned by ",
            "(la )?conversaci[oó]n (desasignada|no asignada) por ",
        ],
        "assigned": [
            "atribu[ií]d[ao] a .+ por ",
            ".+ atribuiu a si mesm[ao] (a|essa|esta) conversa",
            "assigned to .+ (by|via) ",
            ".+ self-assigned this conversation",
            "asignad[ao] a .+ por ",
            ".+ se (auto)?asign[oó] (a s[ií] mism[ao] )?esta conversaci[oó]n",
        ],
    } -%}
    case
        {% for event, patterns in sentences.items() -%}
            when {{ content }} ~* '^({{ patterns | join("|") }})' then '{{ event }}'
        {% endfor %}
    end
{%- endmacro %}
