{#- dbt's own asks information_schema, which is slow and calls every array ARRAY: no unit test could then be given one. -#}
{% macro postgres__get_columns_in_relation(relation) -%}
    {%- call statement("columns_in_relation", fetch_result=true) -%}
        select
            attname as column_name,
            format_type(atttypid, null) as data_type,
            null::integer as character_maximum_length,
            null::integer as numeric_precision,
            null::integer as numeric_scale
        from pg_attribute
        where
            attrelid = to_regclass('{{ relation.include(database=false) }}')
            and attnum > 0
            and not attisdropped
        order by attnum
    {%- endcall -%}
    {{
        return(
            sql_convert_columns_in_relation(load_result("columns_in_relation").table)
        )
    }}
{%- endmacro %}
