{#-
    What changed at the source besides conversations: the contacts and leads of which something that a person is made from may
    be another, as `sources.contact_id` and `sources.lead_id` among what changed (changes.sql). Those that a changed row named
    before count too: they are read from what is stored.
-#}
{% macro note_changed_sources(conversations, bookings) %}
    insert into {{ build_changes() }} (tenant_id, source, key)
    with
        builds as (
            select b.tenant_id, b.from_sync_id
            from {{ source("ops", "builds") }} as b
            where b.invocation_id = '{{ invocation_id }}' and not {{ settings_changed("b") }}
        ),

        talks as (
            select s.*
            from {{ build_scope() }} as s
            join builds as b on b.tenant_id = s.tenant_id and b.from_sync_id = s.from_sync_id
        ),

        changed_bookings as ({{ changed_rows("raw_bot", "procedure_bookings") }}),

        contacts as (
            select tenant_id, id as contact_id
            from ({{ changed_rows("raw_chatwoot", "contacts") }}) as changed
            union all
            select s.tenant_id, s.contact_id
            from {{ source("raw_chatwoot", "conversations") }} as s
            join talks as t on t.tenant_id = s.tenant_id and t.chatwoot_conversation_id = s.id
    {% if conversations is not none %}
                union all
                select s.tenant_id, s.contact_id
                from {{ conversations }} as s
                join talks as t on t.tenant_id = s.tenant_id and t.conversation_id = s.conversation_id
    {% endif %}
        ),

        leads as (
            select tenant_id, id as lead_id
            from ({{ changed_rows("raw_bot", "leads") }}) as changed
            union all
            select tenant_id, lead_id
            from ({{ changed_rows("raw_bot", "conversations") }}) as changed
            union all
            select tenant_id, lead_id
            from changed_bookings
            union all
            -- what the campaign says of its leads
            select s.tenant_id, s.id
            from {{ source("raw_bot", "leads") }} as s
            join
                ({{ changed_rows("raw_bot", "marketing_campaigns") }}) as changed
                on changed.tenant_id = s.tenant_id
                and changed.id = s.campaign_id
            union all
            select s.tenant_id, s.lead_id
            from {{ source("raw_bot", "conversations") }} as s
            join
                talks as t
                on t.tenant_id = s.tenant_id
                and t.chatwoot_conversation_id = s.chatwoot_conversation_id
    {% if conversations is not none %}
                union all
                select s.tenant_id, s.lead_id
                from {{ conversations }} as s
                join talks as t on t.tenant_id = s.tenant_id and t.conversation_id = s.conversation_id
    {% endif %}
    {% if bookings is not none %}
                union all
                select s.tenant_id, s.source_lead_id
                from {{ bookings }} as s
                join changed_bookings as b on b.tenant_id = s.tenant_id and b.id = s.booking_id
    {% endif %}
        )

    select tenant_id, 'sources.contact_id', contact_id::text
    from contacts
    where contact_id is not null
    union
    select tenant_id, 'sources.lead_id', lead_id
    from leads
    where lead_id is not null
    on conflict do nothing
    ;
{% endmacro %}

{% macro changed_rows(schema, table) -%}
    select s.*
    from {{ source(schema, table) }} as s
    join builds as b on b.tenant_id = s.tenant_id and s._sync_id > b.from_sync_id
{%- endmacro %}

{% macro row_changed() -%}
    {#- of a source's table: condition that a sync wrote the row after the tenant's last complete build -#}
    {%- set builds = changed_builds() -%}
    {%- if not builds -%} false
    {%- else -%}
        (
            {%- for tenant_id, from_sync_id, _ in builds -%}
                (
                    tenant_id = '{{ tenant_id }}' and _sync_id > {{ from_sync_id }}
                ){{ " or " if not loop.last }}
            {%- endfor -%}
        )
    {%- endif -%}
{%- endmacro %}
