{{ config(materialized='table') }}
-- grain: one row per person that any spend serves
with cost_rows as (

    select cost_rows.*, {{ person_of('cost_rows') }} as person_key
    from {{ ref('int_cost_rows') }} as cost_rows
    left join {{ ref('int_user_persons') }} as user_persons on cost_rows.user_key = user_persons.user_key

)

{{ subject_profiles('cost_rows', 'cost_rows.person_key') }}
