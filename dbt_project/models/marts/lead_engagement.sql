{{ config(materialized="view") }}

with
    clocks as (select * from {{ ref("int_clocks") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    silences as (
        select
            l.*,
            k.clock_date as as_of_date,
            case
                when k.clock_date < l.last_customer_message_date
                then 0
                else k.clock_date - l.last_customer_message_date
            end as silent_days
        from leads as l
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
        from silences
    )

select *
from final
