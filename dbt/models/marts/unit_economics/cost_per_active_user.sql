-- grain: one row per calendar period (day, week, month), user class and scope rule
-- Active users of a week are not the sum of its days; filter to one period_grain before summing spend.
with unit_costs as (

    {{ unit_cost_mart(
        ref('int_user_costs'), ref('int_user_outcomes'), 'user_class', ['active_users'],
        ref('int_outcome_as_of')
    ) }}

)

select
    {{ unit_costs_of_the_known() }},
    case period_grain when 'day' then 'dau' when 'week' then 'wau_calendar' else 'mau_calendar' end as window_name
from unit_costs
