{{ config(materialized='table') }}
-- grain: one row per person and period (days, half-open) in which one of the person's ids is excluded;
-- where several rows of the file fit a day, the first decides
with excluded_ids as (select * from {{ ref('stg_reference__excluded_ids') }}),

user_persons as (select * from {{ ref('int_user_persons') }}),

person_ids as (select * from {{ ref('int_person_ids') }} where id_kind <> 'user'),

excluded as (

    select
        if(user_persons.user_key is null, excluded_ids.id_key, user_persons.person_key) as person_key,
        excluded_ids.rule_no,
        excluded_ids.exclusion_kind,
        excluded_ids.reason,
        excluded_ids.valid_from,
        excluded_ids.valid_to
    from excluded_ids
    left join user_persons on excluded_ids.id_key = user_persons.user_key
    union all
    -- a device passes its exclusion on to whom it belongs, and only for as long
    select
        person_ids.person_key,
        excluded_ids.rule_no,
        excluded_ids.exclusion_kind,
        excluded_ids.reason,
        greatest(excluded_ids.valid_from, {{ reporting_date('person_ids.valid_from') }}),
        least(
            excluded_ids.valid_to, {{ reporting_date("person_ids.valid_to - interval 1 microsecond") }} + 1
        )
    from excluded_ids
    inner join person_ids on excluded_ids.id_key = person_ids.id_key

),

days as (

    select person_key, valid_from as day from excluded where valid_from < valid_to
    union
    select person_key, valid_to from excluded where valid_from < valid_to

),

periods as (

    select person_key, day as valid_from, lead(day) over (partition by person_key order by day) as valid_to
    from days

)

select
    periods.person_key,
    periods.valid_from,
    periods.valid_to,
    arg_min(excluded.exclusion_kind, excluded.rule_no) as exclusion_kind,
    nullif(arg_min(coalesce(excluded.reason, ''), excluded.rule_no), '') as reason
from periods
inner join excluded
    on periods.person_key = excluded.person_key
    and excluded.valid_from <= periods.valid_from
    and excluded.valid_to >= periods.valid_to
group by periods.person_key, periods.valid_from, periods.valid_to
