{{ config(materialized='table') }}
-- grain: one row per user id of a person with activity, and per person: the month of the person's first
with cohorts as (

    select person_key, strftime(min(outcome_date), '%Y-%m') as cohort
    from {{ ref('int_active_days') }}
    group by person_key

)

select person_key as user_key, cohort
from cohorts
union all
select user_persons.user_key, cohorts.cohort
from {{ ref('int_user_persons') }} as user_persons
inner join cohorts on user_persons.person_key = cohorts.person_key
