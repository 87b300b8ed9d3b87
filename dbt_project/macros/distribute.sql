{% macro distribute() %}
    {% if var(
        "distributed"
    ) and execute and model.config.materialized == "incremental" %}
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
    {% endif %}
{% endmacro %}
