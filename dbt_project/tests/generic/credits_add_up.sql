{% test credits_add_up(model, conversion, models) %}
    {#- Every conversion is credited by every attribution model, once and with all of its value. -#}
    with
        by_model as (
            select
                tenant_id,
                {{ conversion }},
                model,
                sum(credit) as credit,
                sum(credited_value) as credited_value,
                min(value) as value
            from {{ model }}
            group by tenant_id, {{ conversion }}, model
        )

    select tenant_id, {{ conversion }}
    from by_model
    group by tenant_id, {{ conversion }}
    having count(*) <> {{ models }} or bool_or(credit <> 1 or credited_value <> value)
{% endtest %}
