{{ config(materialized='table') }}
-- grain: one row per user and reporting day with at least one event that counts as activity
with events as (

    select * from {{ ref('int_outcome_events') }} where outcome_type = 'user_active' and user_key is not null

),

internal_users as (select * from {{ ref('stg_reference__internal_users') }})

select
    events.user_key,
    events.outcome_date,
    bool_or(internal_users.user_key is not null) as is_internal_user,
    count(*) as events
from events
left join internal_users
    on events.user_key = internal_users.user_key
    and events.outcome_date >= internal_users.valid_from
    and events.outcome_date < internal_users.valid_to
group by events.user_key, events.outcome_date
