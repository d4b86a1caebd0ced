-- grain: one row per id that names nobody, hashed at the door like every user id
with ids as (select * from {{ source('raw_reference', 'reference_blocked_ids') }})

select id_key, reason
from ids
where id_key is not null
