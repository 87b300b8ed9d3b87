{#-
    Which people a tick computes again, noted before int_people and int_journeys are built. Who is one person depends on phones
    and links alone. A tie that is new has a changed contact or lead at one end; one that is gone had both ends in one stored
    person. So the members in scope are those that changed, those with a phone that one of these has now, and all that were one
    person with any of them. A member that the source does not list is there only while something names it: always in scope.
-#}
{% macro note_members() %}
    {% if is_incremental() %}
        {%- set contacts = (
            "(select * from "
            ~ source("raw_chatwoot", "contacts")
            ~ " where _deleted_at is null)"
        ) -%}
        {%- set leads = (
            "(select * from "
            ~ source("raw_bot", "leads")
            ~ " where _deleted_at is null)"
        ) -%}
        {%- set changed_contact = (
            "(tenant_id, id) in ("
            ~ changed_keys(["sources.contact_id"], "bigint")
            ~ ")"
        ) -%}
        {%- set changed_lead = (
            "(tenant_id, id) in (" ~ changed_keys(["sources.lead_id"]) ~ ")"
        ) -%}
        create temporary table members_in_scope on commit drop as
        with
            phones as (
                select tenant_id, phone_e164
                from {{ contacts }} as c
                where {{ changed_contact }} and phone_e164 is not null
                union
                select tenant_id, phone_e164
                from {{ leads }} as l
                where {{ changed_lead }} and phone_e164 is not null
            )

        select tenant_id, 'contact-' || contact_id as member_id
        from ({{ changed_keys(["sources.contact_id"]) }}) as k(tenant_id, contact_id)
        union
        select tenant_id, 'lead-' || lead_id
        from ({{ changed_keys(["sources.lead_id"]) }}) as k(tenant_id, lead_id)
        union
        select tenant_id, 'contact-' || id
        from {{ contacts }} as c
        where (tenant_id, phone_e164) in (select tenant_id, phone_e164 from phones)
        union
        select tenant_id, 'lead-' || id
        from {{ leads }} as l
        where (tenant_id, phone_e164) in (select tenant_id, phone_e164 from phones)
        union
        select stored.tenant_id, stored.member_id
        from {{ this }} as stored
        left join {{ contacts }} as c on c.tenant_id = stored.tenant_id and c.id = stored.contact_id
        left join {{ leads }} as l on l.tenant_id = stored.tenant_id and l.id = stored.lead_id
        where {{ tenant_changed("stored.tenant_id") }} and c.id is null and l.id is null
        ;
        {{
            note_keys(
                "people.member_id",
                [
                    "select tenant_id, member_id from members_in_scope",
                    "select tenant_id, member_id from "
                    ~ this
                    ~ " where (tenant_id, person_id) in (select tenant_id, person_id from "
                    ~ this
                    ~ " where (tenant_id, member_id) in (select tenant_id, member_id from members_in_scope))",
                ],
            )
        }}
    {% endif %}
{% endmacro %}

{% macro members_changed(kind, type) -%}
    select tenant_id, substr(key, {{ kind | length + 2 }})::{{ type }}
    from "intermediate".noted_keys(array['people.member_id'])
    where key like '{{ kind }}-%' and {{ tenant_requested() }}
{%- endmacro %}

{% macro note_people(people, conversations) %}
    {% if is_incremental() %}
        {{
            note_keys(
                "people.person_id",
                [
                    "select tenant_id, person_id from "
                    ~ people
                    ~ " where (tenant_id, contact_id) in ("
                    ~ changed_keys(["sources.contact_id"], "bigint")
                    ~ ")",
                    "select tenant_id, person_id from "
                    ~ people
                    ~ " where (tenant_id, lead_id) in ("
                    ~ changed_keys(["sources.lead_id"])
                    ~ ")",
                    "select tenant_id, person_id from "
                    ~ conversations
                    ~ " where person_id is not null and "
                    ~ conversation_changed(),
                ],
            )
        }}
    {% endif %}
{% endmacro %}

{% macro note_keys(name, queries) %}
    insert into {{ build_changes() }} (tenant_id, source, key)
    {% for query in queries %}
        select tenant_id, '{{ name }}', key
        from ({{ query }}) as found(tenant_id, key)
        {% if not loop.last %}
            union
        {% endif %}
    {% endfor %}
    on conflict do nothing
    ;
{% endmacro %}
