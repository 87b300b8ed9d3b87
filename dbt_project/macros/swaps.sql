{#-
    A full refresh makes a relation anew beside the old one, renames both, and drops the old one. Views hold on to the old one
    and would go down with it: for a while nobody could read them. Here they are turned to the new one in the transaction of
    the renames, so that whoever reads finds the old or the new, and always something.

    Readers lock a view before the table beneath it, so the swap does too. It waits for them half a second at a time and lets go
    in between: that is less than PostgreSQL takes to look for deadlocks, and nobody queues behind it for long. After five
    minutes it waits like anybody else.
-#}
{% macro postgres__rename_relation(from_relation, to_relation) %}
    {% set makes_way = (
        to_relation.identifier
        == make_backup_relation(from_relation, from_relation.type).identifier
    ) %}
    {% if makes_way %}
        {% call statement("lock_for_swap") -%}
            {{ lock_for_swap(from_relation) }}
        {%- endcall %}
    {% endif %}
    {{ default__rename_relation(from_relation, to_relation) }}
    {% if not makes_way %}
        {% call statement("turn_views") -%} {{ turn_views(to_relation) }} {%- endcall %}
    {% endif %}
{% endmacro %}

{% macro lock_for_swap(relation) %}
    {% set name = relation.include(database=false) %}
    do $swap$
    declare
        as_set text := current_setting('lock_timeout');
        patience timestamptz := clock_timestamp() + interval '5 minutes';
        view_over regclass;
    begin
        loop
            begin
                perform set_config('lock_timeout', case when clock_timestamp() < patience then '500ms' else as_set end, true);
                for view_over in {{ views_over("'" ~ name ~ "'::regclass") }} loop
                    -- the only way to lock a view and not all that it reads
                    execute format('alter view %s set (security_invoker = true)', view_over);
                end loop;
                {% if relation.is_view %} alter view {{ name }} set (security_invoker = true);
                {% else %} lock table {{ name }} in access exclusive mode;
                {% endif %}
                perform set_config('lock_timeout', as_set, true);
                return;
            exception
                when lock_not_available then perform pg_sleep(0.05);
            end;
        end loop;
    end
    $swap$
{% endmacro %}

{% macro turn_views(relation) %}
    {% set old = make_backup_relation(relation, relation.type) %}
    {% set name = old.include(database=false) %}
    do $turn$
    declare
        view_over regclass;
    begin
        if to_regclass('{{ name }}') is null then
            return;
        end if;
        for view_over in {{ views_over("'" ~ name ~ "'::regclass") }} loop
            begin
                execute format(
                    'create or replace view %s with (security_invoker = true) as %s',
                    view_over,
                    regexp_replace(pg_get_viewdef(view_over), '\m{{ old.identifier }}\M', '{{ relation.identifier }}', 'g')
                );
            exception
                -- a column of the view's is gone or of another type: the view goes, and is made anew by its own model
                when invalid_table_definition or undefined_column or undefined_function or datatype_mismatch then null;
            end;
        end loop;
    end
    $turn$
{% endmacro %}

{% macro views_over(relation) -%}
    select distinct r.ev_class::regclass
    from pg_depend as d
    join pg_rewrite as r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    where
        d.refclassid = 'pg_class'::regclass
        and d.refobjid = {{ relation }}
        and r.ev_class <> d.refobjid
    order by 1
{%- endmacro %}

{% macro postgres__drop_relation(relation) %}
    {{ default__drop_relation(relation) }}
    {% if relation.identifier.endswith("__dbt_backup") %}
        {{
            remember_views_over(
                relation.database,
                relation.schema ~ "." ~ relation.identifier
                | replace("__dbt_backup", ""),
            )
        }}
    {% endif %}
{% endmacro %}

{% macro remember_views_over(database, name) %}
    {#- dbt believes that they went with what was dropped -#}
    {% call statement("views_left", fetch_result=True, auto_begin=False) -%}
        select n.nspname, c.relname
        from ({{ views_over("to_regclass('" ~ name ~ "')") }}) as v(view_over)
        join pg_class as c on c.oid = v.view_over
        join pg_namespace as n on n.oid = c.relnamespace
    {%- endcall %}
    {% for row in load_result("views_left").table.rows %}
        {% do adapter.cache_added(
            api.Relation.create(
                database=database,
                schema=row[0],
                identifier=row[1],
                type="view",
            )
        ) %}
        {{ remember_views_over(database, row[0] ~ "." ~ row[1]) }}
    {% endfor %}
{% endmacro %}
