-- grain: one row per user, hashed at the door like every user id
with users as (select * from {{ source('raw_reference', 'reference_internal_users') }})

select
    user_key,
    reason,
    coalesce(cast(valid_from as date), date '1970-01-01') as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
from users
qualify row_number() over (partition by user_key order by _row_number) = 1
