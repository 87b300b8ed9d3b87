{#-
    The days of which a tick counts the bot's calls again, noted before bot_llm_daily is built: those that a call of is new or
    has changed, and those that a call has left, which shows in their number.
-#}
{% macro note_days_of_calls() %}
    {% if is_incremental() %}
        {%- set day = local_date("c.created_at", "t.timezone") -%}
        {%- set tenants = ref("stg_config__tenants") -%}
        {{
            note_keys(
                "calls.date_day",
                [
                    "select c.tenant_id, ("
                    ~ day
                    ~ ")::text from (select * from "
                    ~ source("raw_bot", "llm_interactions")
                    ~ " where "
                    ~ row_changed()
                    ~ ") as c join "
                    ~ tenants
                    ~ " as t on t.tenant_id = c.tenant_id",
                    "select tenant_id, date_day::text from (select c.tenant_id, "
                    ~ day
                    ~ " as date_day, count(*) as calls from "
                    ~ ref("stg_bot__llm_interactions")
                    ~ " as c join "
                    ~ tenants
                    ~ " as t on t.tenant_id = c.tenant_id where "
                    ~ tenant_changed("c.tenant_id")
                    ~ " group by 1, 2) as now full join (select tenant_id, date_day, sum(calls) as calls from "
                    ~ this
                    ~ " where "
                    ~ tenant_changed()
                    ~ " group by tenant_id, date_day) as stored using (tenant_id, date_day)"
                    ~ " where now.calls is distinct from stored.calls",
                ],
            )
        }}
    {% endif %}
{% endmacro %}
