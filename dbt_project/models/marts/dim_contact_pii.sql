-- depends_on: {{ ref("int_journeys") }}
{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "person_id",
            "changed_by": ["int_people.person_id", "people.person_id"],
        },
    )
}}
{% set changed = key_changed() if is_incremental() else "true" %}

with
    people as (select * from {{ ref("int_people") }} where {{ changed }}),

    contacts as (select * from {{ ref("stg_chatwoot__contacts") }}),

    leads as (select * from {{ ref("stg_bot__leads") }}),

    -- of the member that the person is named after, else of any other
    named as (
        select
            p.tenant_id,
            p.person_id,
            btrim(
                (
                    array_agg(
                        coalesce(c.contact_name, l.lead_name)
                        order by p.contact_id nulls last, p.lead_id collate "C"
                    ) filter (
                        where coalesce(c.contact_name, l.lead_name) ~ '[[:alpha:]]'
                    )
                )[1]
            ) as name,
            max(coalesce(c.phone_e164, l.phone_e164)) as phone_e164,
            (
                array_agg(
                    coalesce(c.email, l.email)
                    order by p.contact_id nulls last, p.lead_id collate "C"
                ) filter (where coalesce(c.email, l.email) like '%@%')
            )[1] as email
        from people as p
        left join
            contacts as c on c.tenant_id = p.tenant_id and c.contact_id = p.contact_id
        left join leads as l on l.tenant_id = p.tenant_id and l.lead_id = p.lead_id
        group by p.tenant_id, p.person_id
    ),

    final as (
        select
            tenant_id,
            person_id,
            name,
            phone_e164,
            email,
            upper(
                left(name, 1) || coalesce(left(substring(name, '\s(\S+)$'), 1), '')
            ) as initials,
            -- too short a number would show itself whole
            case
                when length(phone_e164) >= 12
                then substr(phone_e164, 2, 4) || '****' || right(phone_e164, 4)
                else '****' || right(phone_e164, 2)
            end as masked_phone
        from named
    )

select *
from final
