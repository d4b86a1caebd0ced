-- grain: one row per calendar period (day, week, month), user class and scope rule
-- Active users of a week are not the sum of its days; filter to one period_grain before summing spend.
with unit_costs as (

    {{ unit_cost_mart(
        ref('int_user_costs'), ref('int_user_outcomes'), 'user_class', ['active_users'],
        ref('int_outcome_as_of')
    ) }}

)

select
    -- what people known by a device alone cost is in `unattributed`: not known, so not zero
    * replace (
        {%- for basis in ['computed', 'trued_up'] %}
        if(user_class = 'anonymous_user', null, {{ basis }}_direct_unit_cost_usd) as {{ basis }}_direct_unit_cost_usd,
        if(user_class = 'anonymous_user' and {{ basis }}_loaded_cost_usd = 0, null, {{ basis }}_loaded_unit_cost_usd)
            as {{ basis }}_loaded_unit_cost_usd{{ ',' if not loop.last }}
        {%- endfor %}
    ),
    case period_grain when 'day' then 'dau' when 'week' then 'wau_calendar' else 'mau_calendar' end as window_name
from unit_costs
