{{
    config(
        incremental_strategy="replace_tenants",
        indexes=[{"columns": ["tenant_id", "created_date"]}],
    )
}}
{% set changed = (
    "tenant_id in (select tenant_id from scope)"
    if is_incremental()
    else "true"
) %}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    clocks as (select * from {{ ref("int_clocks") }}),

    {% if is_incremental() %}
        -- besides what changed: tenants for whom another day has begun
        scope as (
            select tenant_id
            from clocks
            where {{ tenant_changed() }}
            union
            select stored.tenant_id
            from
                (
                    select distinct tenant_id, as_of_date
                    from {{ this }}
                    where {{ tenant_requested() }}
                ) as stored
            join clocks as k on k.tenant_id = stored.tenant_id
            where stored.as_of_date is distinct from k.clock_date
        ),
    {% endif %}

    leads as (select * from {{ ref("fct_leads") }} where {{ changed }}),

    people as (select * from {{ ref("dim_contacts") }} where {{ changed }}),

    -- what the person last talked about says what they want now
    intents as (
        select distinct on (tenant_id, person_id) tenant_id, person_id, lead_probability
        from {{ ref("fct_conversations") }}
        where lead_probability is not null and person_id is not null and {{ changed }}
        order by
            tenant_id,
            person_id,
            last_message_at desc nulls last,
            created_at desc,
            conversation_id collate "C" desc
    ),

    last_words as (
        select
            l.*,
            p.conversations,
            p.customer_messages,
            p.last_customer_message_at,
            {{ local_date("p.last_customer_message_at", "t.timezone") }}
            as last_wrote_on
        from leads as l
        join tenants as t on t.tenant_id = l.tenant_id
        join people as p on p.tenant_id = l.tenant_id and p.person_id = l.person_id
    ),

    joined as (
        select
            l.*,
            i.lead_probability,
            not l.is_customer and l.status not in ('converted', 'lost') as is_open,
            k.clock_date as as_of_date,
            case
                when k.clock_date < l.last_wrote_on
                then 0
                else k.clock_date - l.last_wrote_on
            end as silent_days
        from last_words as l
        left join clocks as k on k.tenant_id = l.tenant_id
        left join
            intents as i on i.tenant_id = l.tenant_id and i.person_id = l.person_id
    ),

    final as (
        select
            tenant_id,
            lead_id,
            person_id,
            channel,
            campaign_id,
            status,
            created_date,
            conversations,
            customer_messages,
            maturity_score,
            lead_probability,
            case
                when maturity_score is null or lead_probability is null
                then null
                when
                    maturity_score >= {{ var("high_maturity_score") }}
                    and lead_probability >= {{ var("high_lead_probability") }}
                then 'CONVERT'
                when maturity_score >= {{ var("high_maturity_score") }}
                then 'NURTURE'
                when lead_probability >= {{ var("high_lead_probability") }}
                then 'PUSH'
                else 'DISCARD'
            end as quadrant,
            is_customer,
            case
                when is_customer then maturity_score
            end as maturity_score_at_conversion,
            is_open,
            last_customer_message_at,
            as_of_date,
            silent_days,
            case
                when is_open then exp(- silent_days::double precision / 7)
            end as engagement
        from joined
    )

select *
from final
