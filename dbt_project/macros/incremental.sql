{#-
    A tick builds a table that stands already, by the code it was last built by: one statement finds its rows and writes those
    that differ, one transaction long. dbt's own way sends eight and renders twice as much, which at fifty tables is most of
    what an idle tick costs. It is left to the builds in which a table is made, is made anew, or may have another shape.
-#}
{% materialization incremental, adapter = "postgres" %}
    {%- set stored = load_cached_relation(this) -%}
    {%- if stored is none or not stored.is_table or should_full_refresh() or not is_code_as_built() -%}
        {{ return(dbt.materialization_incremental_default()) }}
    {%- endif -%}
    {%- set found = api.Relation.create(identifier="found_rows", type="table") -%}
    {%- set strategy = adapter.get_incremental_strategy_macro(
        context, config.get("incremental_strategy")
    ) -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement("main") -%}
        -- a server that stops may forget the last of these, and with it that the
        -- build was complete: the next tick builds it again
        set local synchronous_commit = off
        ;
        create temporary table {{ found }} on commit drop as
        {{ sql }}
        ;
        {{
            strategy(
                {
                    "target_relation": this,
                    "temp_relation": found,
                    "dest_columns": stored_columns()[
                        this.schema ~ "." ~ this.identifier
                    ],
                }
            )
        }}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({"relations": [this.incorporate(type="table")]}) }}
{% endmaterialization %}
