{#- 95 % intervals. z is the 97.5th percentile of the standard normal distribution. -#}
{% macro z_95() -%} 1.959963984540054 {%- endmacro %}

{% macro adjusted_nps(promoters, detractors, answers) -%}
    (({{ promoters }} - {{ detractors }})::double precision / ({{ answers }} + 3))
{%- endmacro %}

{% macro adjusted_nps_variance(promoters, detractors, answers) -%}
    (
        (
            ({{ promoters }} + {{ detractors }} + 1.5)::double precision
            / ({{ answers }} + 3)
            - {{ adjusted_nps(promoters, detractors, answers) }}
            * {{ adjusted_nps(promoters, detractors, answers) }}
        )
        / ({{ answers }} + 3)
    )
{%- endmacro %}

{% macro wilson(successes, trials, sign) -%}
    (
        (
            {{ successes }}::double precision + {{ z_95() }} * {{ z_95() }} / 2
            {{ sign }} {{ z_95() }} * sqrt(
                {{ successes }}::double precision
                * ({{ trials }} - {{ successes }})
                / nullif({{ trials }}, 0)
                + {{ z_95() }} * {{ z_95() }} / 4
            )
        )
        / ({{ trials }} + {{ z_95() }} * {{ z_95() }})
    )
{%- endmacro %}
