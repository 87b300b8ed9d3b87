{#-
    Which conversions a tick credits again, noted before fct_attribution is built: bookings that changed, and all of a person who
    changed, or whose bookings or touches did. Whether somebody is a customer by the bot's word alone depends on the bookings.
-#}
{% macro note_conversions(bookings) %}
    {% if is_incremental() %}
        {%- set people = changed_keys(
            [
                "dim_contacts.person_id",
                "fct_touchpoints.person_id",
                "fct_bookings.person_id",
            ]
        ) -%}
        {{ note_keys("conversions.person_id", [people]) }}
        {{
            note_keys(
                "conversions.booking_id",
                [
                    changed_keys(["fct_bookings.booking_id"]),
                    "select tenant_id, booking_id from "
                    ~ bookings
                    ~ " where (tenant_id, person_id) in ("
                    ~ people
                    ~ ")",
                ],
            )
        }}
        {{
            note_keys(
                "conversions.conversion_id",
                [
                    "select tenant_id, 'booking-' || key from ("
                    ~ changed_keys(["conversions.booking_id"])
                    ~ ") as k(tenant_id, key)",
                    "select tenant_id, 'customer-' || key from ("
                    ~ changed_keys(["conversions.person_id"])
                    ~ ") as k(tenant_id, key)",
                ],
            )
        }}
    {% endif %}
{% endmacro %}
