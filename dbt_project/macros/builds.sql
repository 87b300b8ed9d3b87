{#-
    Bookkeeping of incremental builds.

    ops.builds has a row per invocation and tenant: the tenant's syncs in (from_sync_id, to_sync_id] are what it covers.
    `from` is where the tenant's last complete build ended. A build is complete when every incremental model of the project
    succeeded in it and no test found an error; a partial selection or a failure leaves `from` where it was, so nothing is ever
    skipped.

    intermediate.build_scope lists the conversations that changed after `from`. It is found once, before any model runs, from
    what is then stored; a build that does not complete leaves its rows to the next one, which begins at the same `from`.
    A build of everything (`from` is 0) that did not complete is owed: the next one is a build of everything too.
-#}
{% macro build_scope() -%} "intermediate"."build_scope" {%- endmacro %}

{% macro begin_build() %}
    {% if builds_tables() %}
        {% set slugs = requested_tenants() %}
        {% set rebuild = flags.FULL_REFRESH or env_var(
            "FUNIL_DBT_REBUILD", ""
        ) not in ["", "0"] %}
        {% set hash = env_var("FUNIL_DBT_PROJECT_HASH", "") | replace("'", "") %}
        {% set conversations = adapter.get_relation(
            target.database, "marts", "fct_conversations"
        ) %}
        {% set bookings = adapter.get_relation(
            target.database, "marts", "fct_bookings"
        ) %}
        select pg_advisory_xact_lock(hashtext('funil.begin_build'))
        ;
        {{ create_connected_components() }}
        create table if not exists {{ build_scope() }} (
            tenant_id text not null,
            from_sync_id bigint not null,
            conversation_id text not null,
            chatwoot_conversation_id bigint
            generated always as (
                case when conversation_id like 'chatwoot-%' then substr(conversation_id, 10)::bigint end
            ) stored,
            bot_conversation_id text
            generated always as (
                case when conversation_id like 'bot-%' then substr(conversation_id, 5) end
            ) stored,
            primary key (tenant_id, from_sync_id, conversation_id)
        );
        {{ create_build_changes() }}
        insert into {{ source("ops", "builds") }} (tenant_id, invocation_id, from_sync_id, to_sync_id, project_hash)
        {{ next_builds(slugs, rebuild, hash) }}
        ;
        {{ analyze_when_new() }}
        {% if not flags.FULL_REFRESH %}
            insert into {{ build_scope() }} (tenant_id, from_sync_id, conversation_id)
            {{ changed_conversation_ids(conversations) }}
            on conflict do nothing;
            {% if conversations is not none %}
                {{ add_former_links(conversations) }}
            {% endif %}
            analyze {{ build_scope() }}
            ;
            {{ note_changed_sources(conversations, bookings) }}
        {% endif %}
        commit
    {% endif %}
{% endmacro %}

{% macro next_builds(slugs, rebuild, hash) %}
    select
        t.tenant_id,
        '{{ invocation_id }}',
        f.from_sync_id,
        greatest(
            f.from_sync_id, least(newest.sync_id, coalesce(counter.last_sync_id, 0))
        ),
        {{ "'" ~ hash ~ "'" if hash else "null" }}
    from {{ source("config", "tenants") }} as t
    left join
        lateral(
            select b.to_sync_id, b.project_hash, b.started_at
            from {{ source("ops", "builds") }} as b
            where b.tenant_id = t.tenant_id and b.completed_at is not null
            order by b.completed_at desc
            limit 1
        ) as last_build
        on true
    cross join
        lateral(
            select
                case
                    when
                        {{ rebuild | lower }}
                        {% if hash %}
                            or last_build.project_hash <> '{{ hash }}'
                        {% endif %}
                        or exists (
                            select 1
                            from {{ source("ops", "builds") }} as owed
                            where
                                owed.tenant_id = t.tenant_id
                                and owed.from_sync_id = 0
                                and owed.completed_at is null
                                and owed.started_at > last_build.started_at
                        )
                    then 0
                    else coalesce(last_build.to_sync_id, 0)
                end as from_sync_id
        ) as f
    cross join
        lateral(
            select coalesce(max(n.sync_id), 0) as sync_id
            from
                (
                    {% for table in tables_with_sync_id() %}
                        select max(s._sync_id) as sync_id
                        from {{ table }} as s
                        where s.tenant_id = t.tenant_id
                        {% if not loop.last %}
                            union all
                        {% endif %}
                    {% endfor %}
                ) as n
        ) as newest
    -- the rows of a sync still under way belong to the next build
    left join
        {{ source("ops", "sync_counters") }} as counter
        on counter.tenant_id = t.tenant_id
    {% if slugs %} where t.tenant_id in ('{{ slugs | join("', '") }}') {% endif %}
{% endmacro %}

{% macro analyze_when_new() %}
    {#- Rows that have just been loaded for the first time have no statistics yet, and without any a plan may take hours. -#}
    do $body$
    begin
        if exists (select 1 from {{ source("ops", "builds") }} where invocation_id = '{{ invocation_id }}' and from_sync_id = 0) then
            {% for table in tables_with_sync_id() %} analyze {{ table.include(database=false) }}; {% endfor %}
        end if;
    end
    $body$;
{% endmacro %}

{% macro tables_with_sync_id() -%}
    {%- set tables = [] -%}
    {%- for node in graph.sources.values() | sort(attribute="unique_id") -%}
        {%- if node.source_name in ["config", "raw_chatwoot", "raw_bot", "analysis"] -%}
            {%- do tables.append(source(node.source_name, node.name)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro %}

{% macro changed_conversation_ids(conversations) %}
    {#- Not filtered by _deleted_at: what has just gone is a change too. -#}
    with
        all_builds as (
            select b.tenant_id, b.from_sync_id, {{ settings_changed("b") }} as is_whole
            from {{ source("ops", "builds") }} as b
            where
                b.invocation_id = '{{ invocation_id }}'
                and b.to_sync_id > b.from_sync_id
        ),

        -- of a tenant that is new, or whose settings changed, everything is built again
        whole_tenants as (select * from all_builds where is_whole),

        builds as (select * from all_builds where not is_whole),

        changed_bot_conversations as (
            select b.tenant_id, b.from_sync_id, s.id, s.chatwoot_conversation_id
            from builds as b
            join
                {{ source("raw_bot", "conversations") }} as s
                on s.tenant_id = b.tenant_id
                and s._sync_id > b.from_sync_id
        ),

        changed_conversations as (
            select b.tenant_id, b.from_sync_id, s.id
            from builds as b
            join
                {{ source("raw_chatwoot", "conversations") }} as s
                on s.tenant_id = b.tenant_id
                and s._sync_id > b.from_sync_id
        )

    select tenant_id, from_sync_id, 'chatwoot-' || id
    from changed_conversations
    {% for table in [
            "messages",
            "reporting_events",
            "csat_survey_responses",
            "applied_slas",
        ] %}
        union
        select b.tenant_id, b.from_sync_id, 'chatwoot-' || s.conversation_id
        from builds as b
        join
            {{ source("raw_chatwoot", table) }} as s
            on s.tenant_id = b.tenant_id
            and s._sync_id > b.from_sync_id
        where s.conversation_id is not null
    {% endfor %}
    union
    select tenant_id, from_sync_id, 'bot-' || id
    from changed_bot_conversations
    union
    select tenant_id, from_sync_id, 'chatwoot-' || chatwoot_conversation_id
    from changed_bot_conversations
    where chatwoot_conversation_id is not null
    union
    -- a talk goes from one side to the other when the Chatwoot conversation it is
    -- linked to comes or goes
    select c.tenant_id, c.from_sync_id, 'bot-' || s.id
    from changed_conversations as c
    join
        {{ source("raw_bot", "conversations") }} as s
        on s.tenant_id = c.tenant_id
        and s.chatwoot_conversation_id = c.id
    union
    select b.tenant_id, b.from_sync_id, 'bot-' || s.conversation_id
    from builds as b
    join
        {{ source("raw_bot", "conversation_messages") }} as s
        on s.tenant_id = b.tenant_id
        and s._sync_id > b.from_sync_id
    union
    select b.tenant_id, b.from_sync_id, s.conversation_id
    from builds as b
    join
        {{ source("analysis", "conversation_analysis") }} as s
        on s.tenant_id = b.tenant_id
        and s._sync_id > b.from_sync_id
    {% if conversations is not none %}
        union
        select w.tenant_id, w.from_sync_id, f.conversation_id
        from whole_tenants as w
        join {{ conversations }} as f on f.tenant_id = w.tenant_id
    {% endif %}
    union
    select w.tenant_id, w.from_sync_id, 'chatwoot-' || s.id
    from whole_tenants as w
    join {{ source("raw_chatwoot", "conversations") }} as s on s.tenant_id = w.tenant_id
    union
    select w.tenant_id, w.from_sync_id, 'bot-' || s.id
    from whole_tenants as w
    join {{ source("raw_bot", "conversations") }} as s on s.tenant_id = w.tenant_id
{% endmacro %}

{% macro add_former_links(conversations) %}
    {#- Whoever takes what changed for a row or two, as the planner does, tries it against every talk there is. -#}
    set local enable_nestloop = off
    ;
    insert into {{ build_scope() }} (tenant_id, from_sync_id, conversation_id)
    -- the talks that changed bot conversations were linked to before
    select b.tenant_id, b.from_sync_id, stored.conversation_id
    from {{ source("ops", "builds") }} as b
    join
    {{ source("raw_bot", "conversations") }} as s
        on s.tenant_id = b.tenant_id
        and s._sync_id > b.from_sync_id
    join
        (
            select f.tenant_id, f.conversation_id, linked.id
            from {{ conversations }} as f
            cross join lateral unnest(f.bot_conversation_ids) as linked(id)
        ) as stored
        on stored.tenant_id = s.tenant_id
        and stored.id = s.id
    where b.invocation_id = '{{ invocation_id }}' and b.to_sync_id > b.from_sync_id
    on conflict do nothing
    ;
    set local enable_nestloop = on
    ;
{% endmacro %}

{% macro settings_changed(build) -%}
    (
        {{ build }}.from_sync_id = 0
        {% for source_name, table in [
            ("config", "tenants"),
            ("config", "sla_policies"),
            ("config", "business_hours"),
            ("config", "closed_days"),
            ("raw_chatwoot", "inboxes"),
            ("raw_chatwoot", "working_hours"),
            ("raw_chatwoot", "sla_policies"),
        ] %}
            or exists (
                select 1
                from {{ source(source_name, table) }} as s
                where
                    s.tenant_id = {{ build }}.tenant_id
                    and s._sync_id > {{ build }}.from_sync_id
            )
        {% endfor %}
    )
{%- endmacro %}

{% macro tenants_with_changed_settings() -%}
    select b.tenant_id
    from {{ source("ops", "builds") }} as b
    where
        b.invocation_id = '{{ invocation_id }}'
        and b.to_sync_id > b.from_sync_id
        and {{ settings_changed("b") }}
{%- endmacro %}

{% macro end_build(results) %}
    {% if builds_tables() %}
        {% set succeeded = (
            results
            | selectattr("status", "equalto", "success")
            | map(attribute="node.unique_id")
            | list
        ) %}
        {% set missing = [] %}
        {% for node in graph.nodes.values() if node.resource_type == "model" and node.config.materialized == "incremental" %}
            {% if node.unique_id not in succeeded %}
                {% do missing.append(node.name) %}
            {% endif %}
        {% endfor %}
        {% for result in results if result.status in ["fail", "error"] and result.node.resource_type == "test" %}
            {% do missing.append(result.node.name) %}
        {% endfor %}
        {% if missing %}
            {% do log(
                "Build not complete: " ~ missing
                | length
                ~ " tables were not built or are not right, the next one begins where this one began.",
                info=true,
            ) %}
        {% else %}
            update {{ source("ops", "builds") }}
            set completed_at = clock_timestamp()
            where invocation_id = '{{ invocation_id }}';
            delete from {{ build_scope() }} as s
            using {{ source("ops", "builds") }} as b
            where b.invocation_id = '{{ invocation_id }}' and s.tenant_id = b.tenant_id
            ;
            delete from {{ build_changes() }} as c
            using {{ source("ops", "builds") }} as b
            where b.invocation_id = '{{ invocation_id }}' and c.tenant_id = b.tenant_id
            ;
            {{ make_small_when_empty(build_scope()) }}
            {{ make_small_when_empty(build_changes()) }}
            commit
        {% endif %}
    {% endif %}
{% endmacro %}

{% macro make_small_when_empty(table) %}
    {#- A build of everything leaves it large, and each tick would read all of its pages. Not while another build writes to it. -#}
    do $body$
    begin
        lock table {{ table }} in access exclusive mode nowait;
        if pg_relation_size('{{ table }}') > 0 and not exists (select from {{ table }}) then
            truncate {{ table }};
        end if;
    exception
        when lock_not_available then null;
    end
    $body$;
{% endmacro %}
