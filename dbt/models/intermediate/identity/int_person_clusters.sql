{{ config(materialized='table') }}
-- grain: one row per user id or tool's person id that an alias or merge connects with another
-- Whoever is connected, over any number of steps, is one person for all history. Device ids connect
-- nobody: they are assigned, see int_person_ids. Each id passes the smallest number it knows of on to
-- its neighbours, so a cycle ends by itself, and a cluster of more ids than may be merged need not
-- be walked to its end: 1,000,000 edges take 6 to 14 s on two cores.
with recursive edges as (

    select from_kind, from_scope, from_key, to_kind, to_scope, to_key
    from {{ ref('int_identity_edges') }}
    where not is_blocked and from_kind <> 'anonymous' and to_kind <> 'anonymous'

),

-- users first, so that a cluster is named for a user where it has one
ids as materialized (

    select *, row_number() over (order by id_kind <> 'user', id_scope, id_key) as id_no
    from (
        select from_kind as id_kind, from_scope as id_scope, from_key as id_key from edges
        union
        select to_kind, to_scope, to_key from edges
    ) as ends

),

pairs as materialized (

    select from_ids.id_no as from_no, to_ids.id_no as to_no
    from edges
    inner join ids as from_ids
        on edges.from_kind = from_ids.id_kind
        and edges.from_scope = from_ids.id_scope
        and edges.from_key = from_ids.id_key
    inner join ids as to_ids
        on edges.to_kind = to_ids.id_kind
        and edges.to_scope = to_ids.id_scope
        and edges.to_key = to_ids.id_key

),

links as materialized (

    select from_no, to_no from pairs
    union all
    select to_no, from_no from pairs

),

reached(id_no, cluster_no, step_no) using key (id_no) as (

    select id_no, id_no, 0 from ids
    union
    select links.to_no, min(fresh.cluster_no), max(fresh.step_no) + 1
    from reached as fresh
    inner join links on fresh.id_no = links.from_no
    inner join recurring.reached as known on links.to_no = known.id_no
    where fresh.cluster_no < known.cluster_no and fresh.step_no <= {{ largest_person_ids() }}
    group by links.to_no

),

-- neighbours that do not agree yet are further from an end than a cluster may be long
unfinished as (

    select distinct unnest([from_reached.cluster_no, to_reached.cluster_no]) as cluster_no
    from pairs
    inner join reached as from_reached on pairs.from_no = from_reached.id_no
    inner join reached as to_reached on pairs.to_no = to_reached.id_no
    where from_reached.cluster_no <> to_reached.cluster_no

),

clusters as (

    select
        reached.cluster_no,
        count(*) as cluster_ids,
        count(*) filter (where ids.id_kind = 'user') as cluster_users,
        count(*) <= {{ largest_person_ids() }} and not bool_or(unfinished.cluster_no is not null) as is_merged
    from reached
    inner join ids on reached.id_no = ids.id_no
    left join unfinished on reached.cluster_no = unfinished.cluster_no
    group by reached.cluster_no

)

select
    ids.id_kind,
    ids.id_scope,
    ids.id_key,
    if(
        clusters.is_merged,
        {{ own_person('first_ids.id_kind', 'first_ids.id_scope', 'first_ids.id_key') }},
        {{ own_person('ids.id_kind', 'ids.id_scope', 'ids.id_key') }}
    ) as person_key,
    if(clusters.is_merged, clusters.cluster_users > 0, ids.id_kind = 'user') as has_user,
    {{ own_person('first_ids.id_kind', 'first_ids.id_scope', 'first_ids.id_key') }} as cluster_key,
    clusters.cluster_ids,
    clusters.cluster_users,
    clusters.is_merged
from reached
inner join ids on reached.id_no = ids.id_no
inner join clusters on reached.cluster_no = clusters.cluster_no
inner join ids as first_ids on clusters.cluster_no = first_ids.id_no
