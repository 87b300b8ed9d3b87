{{ config(materialized="view") }}

with
    tenants as (select * from {{ ref("stg_config__tenants") }}),

    clocks as (select * from {{ ref("int_clocks") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    people as (select * from {{ ref("dim_contacts") }}),

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
            k.clock_date as as_of_date,
            case
                when k.clock_date < l.last_wrote_on
                then 0
                else k.clock_date - l.last_wrote_on
            end as silent_days
        from last_words as l
        left join clocks as k on k.tenant_id = l.tenant_id
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
            quadrant,
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
