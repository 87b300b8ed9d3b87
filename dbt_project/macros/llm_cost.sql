{#- Null for a model without a price. A dated version of a model costs what the model costs. -#}
{% macro llm_cost_usd(model, prompt_tokens, completion_tokens) -%}
    case
        regexp_replace({{ model }}, '-\d{4}-\d{2}-\d{2}$', '')
        {% for name, price in var("llm_prices").models.items() -%}
            when {{ dbt.string_literal(name) }}
            then
                (
                    {{ prompt_tokens }} * {{ price.input }}::numeric
                    + {{ completion_tokens }} * {{ price.output }}::numeric
                )
                / 1000000
        {% endfor %}
    end
{%- endmacro %}
