{#-
    Which bookings a tick computes again, noted before fct_bookings is built: those that changed at the source, all of a lead
    that did, and those for which the day has passed on which they were to take place.
-#}
{% macro note_bookings(clocks) %}
    {% if is_incremental() %}
        {%- set leads = changed_keys(
            ["sources.lead_id", "fct_leads.lead_id", "int_people.lead_id"]
        ) -%}
        {{
            note_keys(
                "bookings.booking_id",
                [
                    "select tenant_id, id from "
                    ~ source("raw_bot", "procedure_bookings")
                    ~ " where "
                    ~ row_changed(),
                    "select tenant_id, booking_id from "
                    ~ this
                    ~ " where (tenant_id, source_lead_id) in ("
                    ~ leads
                    ~ ")",
                    "select stored.tenant_id, stored.booking_id from "
                    ~ this
                    ~ " as stored join "
                    ~ clocks
                    ~ " as k on k.tenant_id = stored.tenant_id where "
                    ~ tenant_requested("stored.tenant_id")
                    ~ " and stored.status = 'booked' and stored.scheduled_for is not null"
                    ~ " and stored.is_overdue"
                    ~ " <> coalesce(stored.scheduled_date < k.clock_date, false)",
                ],
            )
        }}
    {% endif %}
{% endmacro %}
