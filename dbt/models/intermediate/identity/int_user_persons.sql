-- grain: one row per user id whose person is not the id itself; NULL where the id is blocked
select id_key as user_key, person_key
from {{ ref('int_person_ids') }}
where id_kind = 'user' and person_key <> id_key
union all
select id_key as user_key, cast(null as varchar) as person_key
from {{ ref('stg_reference__blocked_ids') }}
