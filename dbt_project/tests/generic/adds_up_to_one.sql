{% test adds_up_to_one(model, column, by) %}
    select tenant_id, {{ by | join(", ") }}, sum({{ column }}) as whole
    from {{ model }}
    group by tenant_id, {{ by | join(", ") }}
    having sum({{ column }}) <> 1
{% endtest %}
