{{ config(materialized='table') }}
-- grain: one row per cut, its value, calendar period (day, week, month), user class and scope rule
with unit_costs as (

    {{ unit_cost_mart(
        ref('int_user_costs'), ref('int_user_outcomes'), 'user_class', ['active_users'], ref('int_outcome_as_of'),
        by_cut=true
    ) }}

)

select {{ unit_costs_of_the_known() }}
from unit_costs
