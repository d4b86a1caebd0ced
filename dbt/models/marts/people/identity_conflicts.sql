-- grain: one row per kind of conflict and id
-- not_merged: an id of a cluster too large to be one person; blocked: an id that edges name and
-- blocked_ids.csv forbids; shared_device: a device of several people, in turn; largest_person: the ten
-- people of most ids, which one wrong merge record would head.
with edges as (select * from {{ ref('int_identity_edges') }}),

edge_ends as (

    select from_kind as id_kind, from_scope as id_scope, from_key as id_key, is_blocked from edges
    union all
    select to_kind, to_scope, to_key, is_blocked from edges

),

clusters as (select * from {{ ref('int_person_clusters') }}),

edge_counts as (

    select id_kind, id_scope, id_key, count(*) as edges
    from edge_ends
    group by id_kind, id_scope, id_key

),

not_merged as (

    select
        'not_merged' as conflict,
        clusters.id_kind,
        clusters.id_scope,
        clusters.id_key,
        clusters.cluster_key as person_key,
        clusters.cluster_ids as ids,
        cast(null as bigint) as persons,
        'more than {{ largest_person_ids() }} ids are connected, so they stay apart: block the id of most edges'
            as reason
    from clusters
    where not clusters.is_merged

),

blocked as (

    select
        'blocked' as conflict,
        edge_ends.id_kind,
        edge_ends.id_scope,
        edge_ends.id_key,
        cast(null as varchar) as person_key,
        cast(null as bigint) as ids,
        cast(null as bigint) as persons,
        coalesce(any_value(blocked_ids.reason), 'blocked') as reason
    from edge_ends
    inner join {{ ref('stg_reference__blocked_ids') }} as blocked_ids on edge_ends.id_key = blocked_ids.id_key
    where edge_ends.is_blocked
    group by edge_ends.id_kind, edge_ends.id_scope, edge_ends.id_key

),

shared_devices as (

    select
        'shared_device' as conflict,
        id_kind,
        id_scope,
        id_key,
        cast(null as varchar) as person_key,
        cast(null as bigint) as ids,
        count(distinct person_key) as persons,
        'several people sign in on one device: what it does is its latest user''s' as reason
    from {{ ref('int_person_ids') }}
    where id_kind = 'anonymous'
    group by id_kind, id_scope, id_key
    having count(distinct person_key) > 1

),

largest as (

    select
        'largest_person' as conflict,
        -- several users, so a person is named for one of them
        'user' as id_kind,
        '' as id_scope,
        person_key as id_key,
        person_key,
        any_value(cluster_ids) as ids,
        cast(null as bigint) as persons,
        'merged into one person; is it one?' as reason
    from clusters
    where is_merged and cluster_users > 1
    group by person_key
    qualify row_number() over (order by any_value(cluster_ids) desc, person_key) <= 10

),

unioned as (

    select * from not_merged
    union all
    select * from blocked
    union all
    select * from shared_devices
    union all
    select * from largest

)

select
    unioned.conflict,
    unioned.id_kind,
    unioned.id_scope,
    unioned.id_key,
    unioned.person_key,
    unioned.ids,
    unioned.persons,
    coalesce(edge_counts.edges, 0) as edges,
    unioned.reason
from unioned
left join edge_counts
    on unioned.id_kind = edge_counts.id_kind
    and unioned.id_scope = edge_counts.id_scope
    and unioned.id_key = edge_counts.id_key
