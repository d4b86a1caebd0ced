-- grain: one row per user and unbroken period in which the user is internal, hashed at the door like
-- every user id; periods that overlap or touch are one, so that a day never fits two rows
with users as (

    select
        user_key,
        reason,
        _row_number,
        coalesce(cast(valid_from as date), date '1970-01-01') as valid_from,
        coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
    from {{ source('raw_reference', 'reference_internal_users') }}

),

reached as (

    select
        *,
        max(valid_to) over (
            partition by user_key order by valid_from, _row_number
            rows between unbounded preceding and 1 preceding
        ) as reached_to
    from users

),

islands as (

    select
        *,
        count(*) filter (where reached_to is null or reached_to < valid_from) over (
            partition by user_key order by valid_from, _row_number
        ) as island_no
    from reached

)

select
    user_key,
    arg_min(reason, _row_number) as reason,
    min(valid_from) as valid_from,
    max(valid_to) as valid_to
from islands
group by user_key, island_no
