{{
    config(
        incremental_strategy="replace_keys",
        meta={
            "key": "period || coalesce(' ' || period_start, '')",
            "changed_by": ["roi_by_channel_periods.period"],
            "changed_through": [
                "dim_contacts.customer_date",
                "fct_bookings.attended_date",
                "fct_bookings.scheduled_date",
                "fct_campaign_costs.cost_date",
            ],
        },
        pre_hook="{{ note_periods() }}",
        indexes=[{"columns": ["tenant_id", "period", "period_start"]}],
    )
}}

with
    {{ roi_by("channel") }},

    final as (
        select tenant_id, period, period_start, channel, currency, {{ roi_figures() }}
        from rated
    )

select *
from final
