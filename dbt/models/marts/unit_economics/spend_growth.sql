-- grain: one row per month: spend and spend per active user beside the month before
-- Spend may rise because more people use the product, which is no reason to worry; it is one when spend
-- per person rises as well.
with months as (

    select
        period_start,
        sum(trued_up_cost_usd) as trued_up_cost_usd,
        sum(active_users) filter (where user_class = 'end_user' and in_scope) as active_users,
        max(trued_up_loaded_unit_cost_usd) filter (where user_class = 'end_user' and in_scope) as user_unit_cost_usd,
        bool_or(is_lower_bound) as is_lower_bound,
        bool_or(is_provisional) as is_provisional
    from {{ ref('cost_per_active_user') }}
    where period_grain = 'month'
    group by period_start

),

compared as (

    select
        months.*,
        earlier.trued_up_cost_usd as previous_trued_up_cost_usd,
        earlier.active_users as previous_active_users,
        earlier.user_unit_cost_usd as previous_user_unit_cost_usd
    from months
    left join months as earlier on earlier.period_start = cast(months.period_start - interval 1 month as date)

)

select
    period_start,
    cast(trued_up_cost_usd as decimal(38, 18)) as trued_up_cost_usd,
    cast(previous_trued_up_cost_usd as decimal(38, 18)) as previous_trued_up_cost_usd,
    cast(active_users as bigint) as active_users,
    cast(previous_active_users as bigint) as previous_active_users,
    user_unit_cost_usd,
    previous_user_unit_cost_usd,
    {{ ratio('trued_up_cost_usd - previous_trued_up_cost_usd', 'previous_trued_up_cost_usd') }} as spend_growth_ratio,
    {{ ratio('active_users - previous_active_users', 'previous_active_users') }} as users_growth_ratio,
    {{ ratio('user_unit_cost_usd - previous_user_unit_cost_usd', 'previous_user_unit_cost_usd') }}
        as user_unit_cost_growth_ratio,
    case
        when previous_trued_up_cost_usd is null then 'no_month_before'
        when user_unit_cost_usd is null or previous_user_unit_cost_usd is null then 'no_active_users'
        when trued_up_cost_usd <= previous_trued_up_cost_usd then 'spend_does_not_rise'
        when user_unit_cost_usd > previous_user_unit_cost_usd then 'spend_and_spend_per_user_rise'
        else 'spend_rises_with_users'
    end as verdict,
    is_lower_bound,
    is_provisional
from compared
