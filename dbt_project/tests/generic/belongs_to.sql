{% test belongs_to(model, parents) %}
    {#-
        Columns, where they are not null, name rows of other models. Rows that land while a build runs may be in one table and
        not yet in another; the next build mends that.
    -#}
    {{ config(severity="warn") }}
    with child as (select * from {{ model }})

    select
        child.tenant_id
        {%- for parent in parents %}
            ,
            case
                when parent_{{ loop.index }}.tenant_id is null
                then child.{{ parent.column }}
            end as {{ parent.column }}
        {%- endfor %}
    from child
    {%- for parent in parents %}
        left join
            {{ parent.to }} as parent_{{ loop.index }}
            on parent_{{ loop.index }}.tenant_id = child.tenant_id
            and parent_{{ loop.index }}.{{ parent.field or parent.column }}
            = child.{{ parent.column }}
    {%- endfor %}
    where
        {%- for parent in parents %}
            (
                child.{{ parent.column }} is not null
                and parent_{{ loop.index }}.tenant_id is null
            )
            {%- if not loop.last %} or {% endif %}
        {%- endfor %}
{% endtest %}
