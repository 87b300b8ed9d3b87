{#-
    Condition that a tenant may have rows of a bot's table without their conversation: some were found before, or a row that
    changed has none now, or a conversation that changed is gone and had rows.
-#}
{% macro tenant_may_have_orphans(table) -%}
    {%- if not is_incremental() -%} {{ return("true") }} {%- endif -%}
    {%- set rows, conversations = source("raw_bot", table), source(
        "raw_bot", "conversations"
    ) -%}
    tenant_id = any(
        array(
            select tenant_id
            from {{ this }}
            where
                check_name = 'without_its_conversation' and subject = 'bot.{{ table }}'
            union
            select r.tenant_id
            from (select * from {{ rows }} where {{ row_changed() }}) as r
            where
                r._deleted_at is null
                and not exists (
                    select 1
                    from {{ conversations }} as c
                    where
                        c.tenant_id = r.tenant_id
                        and c.id = r.conversation_id
                        and c._deleted_at is null
                )
            union
            select c.tenant_id
            from (select * from {{ conversations }} where {{ row_changed() }}) as c
            where
                c._deleted_at is not null
                and exists (
                    select 1
                    from {{ rows }} as r
                    where
                        r.tenant_id = c.tenant_id
                        and r.conversation_id = c.id
                        and r._deleted_at is null
                )
            {%- for tenant_id in whole_tenants() %}
                union
                select '{{ tenant_id }}'
            {%- endfor %}
        )
    )
{%- endmacro %}
