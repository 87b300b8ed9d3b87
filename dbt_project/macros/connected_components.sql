{% macro create_connected_components() %}
    {#- The function is pure and sees one tenant's edges at a time, so it needs no recursive query over several tenants. -#}
    create or replace function
        {{ target.database }}.intermediate.connected_components(
            left_nodes text[], right_nodes text[]
        )
    returns table(node text, component text)
    language plpgsql
    immutable
    as
        $body$
    declare
        -- union-find over positions in `nodes`; the smallest node of a component is its root
        nodes text[];
        lefts int[];
        rights int[];
        parents int[];
        a int;
        b int;
    begin
        select array_agg(n order by n collate "C")
        into nodes
        from (select unnest(left_nodes) as n union select unnest(right_nodes)) as every;

        select array_agg(l.place order by e.edge), array_agg(r.place order by e.edge), array_agg(e.edge)
        into lefts, rights, parents
        from unnest(left_nodes, right_nodes) with ordinality as e (l_node, r_node, edge)
        join unnest(nodes) with ordinality as l (n, place) on l.n = e.l_node
        join unnest(nodes) with ordinality as r (n, place) on r.n = e.r_node;

        parents := array(select generate_series(1, coalesce(cardinality(nodes), 0)));
        for i in 1 .. coalesce(cardinality(lefts), 0) loop
            a := lefts[i];
            while parents[a] <> a loop
                parents[a] := parents[parents[a]];
                a := parents[a];
            end loop;
            b := rights[i];
            while parents[b] <> b loop
                parents[b] := parents[parents[b]];
                b := parents[b];
            end loop;
            if a < b then
                parents[b] := a;
            else
                parents[a] := b;
            end if;
        end loop;

        for i in 1 .. coalesce(cardinality(nodes), 0) loop
            -- a parent always stands before its child, so its own parent is already the root
            parents[i] := parents[parents[i]];
            node := nodes[i];
            component := nodes[parents[i]];
            return next;
        end loop;
    end
    $body$
    ;
{% endmacro %}
