{% test adds_up_to(
    model,
    sums,
    to,
    to_sums,
    by=["tenant_id"],
    row_condition="true",
    to_condition="true"
) %}
    {%- set keys = by | join(", ") -%}
    with
        here as (
            select
                {{ keys }}
                {%- for column in sums %}
                    , sum({{ column }}) as sum_{{ loop.index }}
                {% endfor %}
            from {{ model }}
            where {{ row_condition }}
            group by {{ keys }}
        ),

        there as (
            select
                {{ keys }}
                {%- for column in to_sums %}
                    , sum({{ column }}) as sum_{{ loop.index }}
                {% endfor %}
            from {{ to }}
            where
                {{ to_condition }} and tenant_id in (select tenant_id from {{ model }})
            group by {{ keys }}
        )

    select *
    from here
    full join there using ({{ keys }})
    where
        {% for _ in sums -%}
            coalesce(here.sum_{{ loop.index }}, 0)
            <> coalesce(there.sum_{{ loop.index }}, 0)
            {% if not loop.last %} or {% endif %}
        {%- endfor %}
{% endtest %}
