{{ config(materialized='table') }}
-- grain: one row per id, person and time (UTC, half-open) in which the id is the person's; times of an
-- id do not overlap
-- A device is its latest user's, and before its first identify call that first user's, so a shared
-- device never makes two people one. An id that stands alone is its own person and has no row.
with edges as (

    select * from {{ ref('int_identity_edges') }} where from_kind = 'anonymous' and not is_blocked

),

clusters as (select * from {{ ref('int_person_clusters') }}),

assigned as (

    select
        edges.from_scope as id_scope,
        edges.from_key as id_key,
        coalesce(
            clusters.person_key, {{ own_person('edges.to_kind', 'edges.to_scope', 'edges.to_key') }}
        ) as person_key,
        coalesce(clusters.has_user, edges.to_kind = 'user') as has_user,
        coalesce(edges.effective_at, timestamp '1970-01-01') as effective_at
    from edges
    left join clusters
        on edges.to_kind = clusters.id_kind
        and edges.to_scope = clusters.id_scope
        and edges.to_key = clusters.id_key

),

-- what a tool calls a person and no user id was ever seen with counts only where nothing else is known
known as (

    select *
    from assigned
    qualify has_user or not bool_or(has_user) over (partition by id_scope, id_key)

),

changes as (

    select *
    from known
    window device_history as (partition by id_scope, id_key order by effective_at, person_key)
    qualify lag(person_key) over device_history is distinct from person_key

),

held as (

    select
        id_scope,
        id_key,
        person_key,
        has_user,
        if(
            lag(effective_at) over device_history is null, timestamp '1970-01-01', effective_at
        ) as valid_from,
        lead(effective_at, 1, timestamp '9999-12-31') over device_history as valid_to
    from changes
    window device_history as (partition by id_scope, id_key order by effective_at, person_key)

)

select
    id_kind,
    id_scope,
    id_key,
    person_key,
    has_user,
    timestamp '1970-01-01' as valid_from,
    timestamp '9999-12-31' as valid_to
from clusters
union all
select 'anonymous' as id_kind, id_scope, id_key, person_key, has_user, valid_from, valid_to
from held
where valid_from < valid_to
