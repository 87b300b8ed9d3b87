{{
    config(
        incremental_strategy="replace_keys",
        meta={"key": "member_id", "changed_by": ["people.member_id"]},
        pre_hook="{{ note_members() }}",
        indexes=[
            {"columns": ["tenant_id", "contact_id"]},
            {"columns": ["tenant_id", "lead_id"]},
            {"columns": ["tenant_id", "person_id"]},
            {"columns": ["tenant_id", "member_id"], "unique": true},
        ],
    )
}}
{% set by_contact = "true" %}
{% set by_lead = "true" %}
{% if is_incremental() %}
    {% set by_contact = changed_or_whole(
        "contact_id", members_changed("contact", "bigint")
    ) %}
    {% set by_lead = changed_or_whole("lead_id", members_changed("lead", "text")) %}
{% endif %}

with
    contacts as (
        select * from {{ ref("stg_chatwoot__contacts") }} where {{ by_contact }}
    ),

    leads as (select * from {{ ref("stg_bot__leads") }} where {{ by_lead }}),

    conversations as (
        select * from {{ ref("stg_chatwoot__conversations") }} where {{ by_contact }}
    ),

    bot_conversations as (
        select * from {{ ref("int_bot_conversations") }} where {{ by_lead }}
    ),

    -- a conversation may name a contact or lead that the source no longer lists
    contact_members as (
        select tenant_id, contact_id, max(phone_e164) as phone_e164
        from
            (
                select tenant_id, contact_id, phone_e164
                from contacts
                union all
                select tenant_id, contact_id, null
                from conversations
                where contact_id is not null
            ) as named
        group by tenant_id, contact_id
    ),

    lead_members as (
        select tenant_id, lead_id, max(phone_e164) as phone_e164
        from
            (
                select tenant_id, lead_id, phone_e164
                from leads
                union all
                select tenant_id, lead_id, null
                from bot_conversations
            ) as named
        group by tenant_id, lead_id
    ),

    -- members with one phone are one group from the start; a member without a phone
    -- is a group of its own
    members as (
        select
            tenant_id,
            'contact-' || contact_id as member_id,
            contact_id,
            null::text as lead_id,
            coalesce('phone-' || phone_e164, 'contact-' || contact_id) as phone_group
        from contact_members
        union all
        select
            tenant_id,
            'lead-' || lead_id,
            null,
            lead_id,
            coalesce('phone-' || phone_e164, 'lead-' || lead_id)
        from lead_members
    ),

    -- a bot conversation linked to a Chatwoot conversation ties its lead's group to
    -- that contact's
    links as (
        select distinct
            b.tenant_id,
            lead.phone_group as lead_group,
            contact.phone_group as contact_group
        from bot_conversations as b
        join
            members as lead on lead.tenant_id = b.tenant_id and lead.lead_id = b.lead_id
        join
            members as contact
            on contact.tenant_id = b.tenant_id
            and contact.contact_id = b.contact_id
        where lead.phone_group <> contact.phone_group
    ),

    tied_groups as (
        select l.tenant_id, c.node as phone_group, c.component as person_group
        from
            (
                select
                    tenant_id,
                    array_agg(lead_group) as lead_groups,
                    array_agg(contact_group) as contact_groups
                from links
                group by tenant_id
            ) as l
        cross join
            lateral intermediate.connected_components(
                l.lead_groups, l.contact_groups
            ) as c
    ),

    grouped as (
        select m.*, coalesce(t.person_group, m.phone_group) as person_group
        from members as m
        left join
            tied_groups as t
            on t.tenant_id = m.tenant_id
            and t.phone_group = m.phone_group
    ),

    -- the person is named after its lowest contact, else its lowest lead
    people as (
        select
            tenant_id,
            person_group,
            coalesce(
                'contact-' || min(contact_id), 'lead-' || min(lead_id collate "C")
            ) as person_id
        from grouped
        group by tenant_id, person_group
    ),

    final as (
        select g.tenant_id, g.member_id, p.person_id, g.contact_id, g.lead_id
        from grouped as g
        join
            people as p on p.tenant_id = g.tenant_id and p.person_group = g.person_group
    )

select *
from final
