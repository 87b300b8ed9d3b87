{% test belongs_to(model, column_name, to, field=none) %}
    select child.tenant_id, child.{{ column_name }}
    from {{ model }} as child
    left join
        {{ to }} as parent
        on parent.tenant_id = child.tenant_id
        and parent.{{ field or column_name }} = child.{{ column_name }}
    where child.{{ column_name }} is not null and parent.tenant_id is null
{% endtest %}
