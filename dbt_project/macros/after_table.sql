{% macro after_table() %}
    {% if var("distributed") %}
        select
            create_distributed_table(
                '{{ this.schema }}.{{ this.identifier }}', 'tenant_id'
            )
        where
            not exists (
                select 1
                from pg_dist_partition
                where logicalrelid = '{{ this.schema }}.{{ this.identifier }}'::regclass
            )
        ;
    {% endif %}
    {#- what reads a table filled for the first time should not have to plan blindly -#}
    {% if changed_builds() | selectattr(1, "equalto", 0) | list %}
        analyze {{ this }}
        ;
    {% endif %}
    {#- after that: it keeps less of what was found -#}
    {% if execute %} {{ secure(this, model) }} {% endif %}
{% endmacro %}
