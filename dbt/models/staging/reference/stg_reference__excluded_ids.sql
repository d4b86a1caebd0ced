-- grain: one row per row of internal_users.csv, with what the user is: internal, bot or test
with users as (select * from {{ source('raw_reference', 'reference_internal_users') }})

select
    _row_number as rule_no,
    user_key as id_key,
    coalesce(kind, 'internal') as exclusion_kind,
    reason,
    coalesce(cast(valid_from as date), date '1970-01-01') as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
from users
