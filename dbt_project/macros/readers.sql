{#-
    Who may read a relation, declared in its `meta` and applied in the transaction that makes it.

    readers         kinds of logins that may select from it (`funil_<kind>`); a column's own `readers` narrow that
    own_rows_of     the column that says whose row it is: of it, a secretary reads only their own

    Tables have one policy for all tenants, and one more for logins of several: the planner reads an index for one value as
    the owner's filter would have it read, and expects ten of a list whose length it does not know. Views are the invoker's, so
    that the policies beneath them hold. A hash of all that was declared stands in the policy's comment: a tick finds it in
    place and does nothing.

    Of what readers can read no statistics of values are kept: they are of all tenants' rows, and `explain` shows what the
    planner concludes from them, value by value, to whoever asks. How many values there are is kept where the server can (18):
    without, joins are planned blindly.
-#}
{% macro secure(relation, node) %}
    {% set meta = node.config.meta if node.config else node.meta %}
    {% set readers = meta.get("readers", []) %}
    {% set name = relation.include(database=false) %}
    {% if node.config and node.config.materialized == "view" %}
        alter view {{ name }} set (security_invoker = true)
        ;
        {{ grant_columns(name, node, readers) }}
    {% elif readers %}
        {% set own = meta.get("own_rows_of") %}
        {% if "secretary" in readers and not own and not meta.get(
            "same_for_all_agents"
        ) %}
            {{
                exceptions.raise_compiler_error(
                    node.name
                    ~ ": readers include secretary, so say own_rows_of, or same_for_all_agents: true."
                )
            }}
        {% endif %}
        {% set of_agents %}
            {%- if own and "secretary" in readers %}
                and (
                    {{ once("access.reads_all_agents()") }}
                    or (tenant_id || '_' || {{ own }}) = any({{ once("access.agents()") }}::text[])
                )
            {%- endif %}
        {% endset %}
        {% set policies %}
            create policy readers on {{ name }} for select to {{ kinds_of_tenants() | join(", ") }}
            using (tenant_id = {{ once("access.tenant()") }} {{ of_agents }});
            create policy readers_of_many on {{ name }} for select to funil_many
            using (tenant_id = any({{ once("access.tenants()") }}::text[]) {{ of_agents }});
        {% endset %}
        {% set grants = grant_columns(name, node, readers) %}
        {% set declared = local_md5(policies ~ grants) %}
        do $secure$
        declare
            known record;
        begin
            for known in
                select a.attname, s.avg_width, s.n_distinct
                from pg_attribute as a
                left join pg_stats as s
                    on s.schemaname = '{{ relation.schema }}' and s.tablename = '{{ relation.identifier }}'
                    and s.attname = a.attname and not s.inherited
                where
                    a.attrelid = '{{ name }}'::regclass and a.attnum > 0 and not a.attisdropped
                    and a.attstattarget is distinct from 0
            loop
                execute format('alter table {{ name }} alter column %I set statistics 0', known.attname);
                continue when current_setting('server_version_num')::int < 180000;
                perform pg_clear_attribute_stats('{{ relation.schema }}', '{{ relation.identifier }}', known.attname, false);
                if known.n_distinct is not null then
                    perform pg_restore_attribute_stats(
                        'schemaname', '{{ relation.schema }}', 'relname', '{{ relation.identifier }}',
                        'attname', known.attname::text, 'inherited', false, 'null_frac', 0::real,
                        'avg_width', known.avg_width, 'n_distinct', known.n_distinct
                    );
                end if;
            end loop;
            if exists (
                select from pg_policy as p
                join pg_class as c on c.oid = p.polrelid and c.relrowsecurity
                where
                    p.polrelid = '{{ name }}'::regclass
                    and p.polname = 'readers'
                    and obj_description(p.oid, 'pg_policy') = '{{ declared }}'
            )
            then
                return;
            end if;
            alter table {{ name }} enable row level security;
            drop policy if exists readers on {{ name }};
            drop policy if exists readers_of_many on {{ name }};
            {{ policies }}
            {{ grants }}
            comment on policy readers on {{ name }} is '{{ declared }}';
        end
        $secure$
        ;
    {% endif %}
{% endmacro %}

{% macro after_view() %}
    {% if execute %}
        {{ secure(this, model) }}
        {#- the invoker must be let through to what the view reads, as far as that was declared -#}
        {% for source_name, table_name in model.sources %}
            {% for node in graph.sources.values() if node.source_name == source_name and node.name == table_name %}
                {{ secure(source(source_name, table_name), node) }}
            {% endfor %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{% macro once(call) -%}
    {#- evaluated once per query, not per row; Citus takes no sub-select in a policy -#}
    {%- if var("distributed") -%} {{ call }}
    {%- else -%} (select {{ call }})
    {%- endif -%}
{%- endmacro %}

{% macro kinds_of_tenants() -%}
    {%- set roles = [] -%}
    {%- for kind in kinds() if kind != "agency" -%}
        {%- do roles.append("funil_" ~ kind) -%}
    {%- endfor -%}
    {{ return(roles) }}
{%- endmacro %}

{% macro kinds() -%}
    {{ return(["admin", "manager", "secretary", "marketing", "agency", "gateway"]) }}
{%- endmacro %}

{% macro grant_columns(name, node, readers) %}
    {% for kind in kinds() %}
        {% set allowed = [] %}
        {% set narrowed = [] %}
        {% for column in node.columns.values() %}
            {% set its = (column.config.meta if column.config else column.meta).get(
                "readers", readers
            ) %}
            {% if kind in readers and kind in its %}
                {% do allowed.append(adapter.quote(column.name)) %}
            {% else %} {% do narrowed.append(column.name) %}
            {% endif %}
        {% endfor %}
        revoke all
        on {{ name }}
        from funil_{{ kind }}
        ;
        {% if kind in readers and not narrowed %}
            grant select
            on {{ name }}
            to funil_{{ kind }}
            ;
        {% elif allowed %}
            grant select({{ allowed | join(", ") }})
            on {{ name }}
            to funil_{{ kind }}
            ;
        {% endif %}
    {% endfor %}
{% endmacro %}
