{{ config(materialized='table') }}
-- grain: one row per person and reporting day with at least one event that counts as activity
-- user_class: end_user, anonymous_user (known by a device id alone), or by internal_users.csv
-- internal_user, bot_user, test_user. A blocked id is nobody.
with events as (

    select
        user_key,
        anonymous_key,
        {{ id_scope("'anonymous'", 'source', 'account_label') }} as id_scope,
        occurred_at,
        outcome_date
    from {{ ref('int_outcome_events') }}
    where outcome_type = 'user_active' and (user_key is not null or anonymous_key is not null)

),

user_persons as (select * from {{ ref('int_user_persons') }}),

devices as (select * from {{ ref('int_person_ids') }} where id_kind = 'anonymous'),

blocked_ids as (select * from {{ ref('stg_reference__blocked_ids') }}),

excluded_ids as (select * from {{ ref('stg_reference__excluded_ids') }}),

excluded_persons as (select * from {{ ref('int_excluded_persons') }}),

of_users as (

    select
        {{ person_of('events') }} as person_key,
        events.outcome_date,
        cast(null as varchar) as device_key,
        false as is_anonymous
    from events
    left join user_persons on events.user_key = user_persons.user_key
    where {{ person_of('events') }} is not null

),

-- an event without a user id, or with a blocked one, is its device's
of_devices as (

    select
        coalesce(
            devices.person_key, {{ own_person("'anonymous'", 'events.id_scope', 'events.anonymous_key') }}
        ) as person_key,
        events.outcome_date,
        events.anonymous_key as device_key,
        not coalesce(devices.has_user, false) as is_anonymous
    from events
    left join user_persons on events.user_key = user_persons.user_key
    left join devices
        on events.id_scope = devices.id_scope
        and events.anonymous_key = devices.id_key
        and events.occurred_at >= devices.valid_from
        and events.occurred_at < devices.valid_to
    where {{ person_of('events') }} is null
        and events.anonymous_key is not null
        and events.anonymous_key not in (select id_key from blocked_ids)

),

days as (

    select person_key, outcome_date, device_key, bool_and(is_anonymous) as is_anonymous, count(*) as events
    from (
        select * from of_users
        union all
        select * from of_devices
    ) as active
    group by person_key, outcome_date, device_key

),

-- a device that nobody is known by may stand in internal_users.csv itself
excluded_devices as (

    select
        days.device_key,
        days.outcome_date,
        arg_min(excluded_ids.exclusion_kind, excluded_ids.rule_no) as exclusion_kind
    from (select distinct device_key, outcome_date from days where is_anonymous) as days
    inner join excluded_ids
        on days.device_key = excluded_ids.id_key
        and days.outcome_date >= excluded_ids.valid_from
        and days.outcome_date < excluded_ids.valid_to
    group by days.device_key, days.outcome_date

),

classed as (

    select
        days.person_key,
        days.outcome_date,
        bool_and(days.is_anonymous) as is_anonymous,
        min(coalesce(excluded_persons.exclusion_kind, excluded_devices.exclusion_kind)) as exclusion_kind,
        sum(days.events) as events
    from days
    left join excluded_persons
        on days.person_key = excluded_persons.person_key
        and days.outcome_date >= excluded_persons.valid_from
        and days.outcome_date < excluded_persons.valid_to
    left join excluded_devices
        on days.device_key = excluded_devices.device_key
        and days.outcome_date = excluded_devices.outcome_date
        and days.is_anonymous
    group by days.person_key, days.outcome_date

)

select
    person_key,
    outcome_date,
    case
        when exclusion_kind is not null then exclusion_kind || '_user'
        when is_anonymous then 'anonymous_user'
        else 'end_user'
    end as user_class,
    exclusion_kind,
    is_anonymous,
    cast(events as bigint) as events
from classed
