-- grain: one row per calendar period (week, month), task type and effect: how the cost per successful task of
-- the tasks concluded in the period came from that of the period before
-- One factor after the other takes its new value, so each effect is seen with the factors before it
-- new and those after it old. Amounts are rounded at 10^-18 and each unit cost at 10^-12; effects are
-- differences of consecutive unit costs, so they add up to the change.
with cohorts as (

    select * from {{ ref('task_cost_factors') }} where cohort = 'concluded' and period_grain in ('week', 'month')

),

meter_costs as (select * from {{ ref('int_task_meter_costs') }}),

lines as (

    {% for grain in ['week', 'month'] -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start("'" ~ grain ~ "'", 'concluded_date') }} as period_start,
        cast({{ period_start("'" ~ grain ~ "'", 'concluded_date') }} + interval 1 {{ grain }} as date) as next_start,
        task_type,
        model_key,
        meter,
        tier,
        is_token_meter,
        -- in millionths, for shares of a call
        cast(cast(sum(quantity) * 1000000 as decimal(38, 0)) as hugeint) as quantity,
        cast(sum(cost_usd) as decimal(38, 18)) as cost_usd
    from meter_costs
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- what a period and the one before it used and paid, side by side
sides as (

    select
        period_grain, period_start, task_type, model_key, meter, tier, is_token_meter,
        quantity as new_quantity, cost_usd as new_usd, 0::hugeint as old_quantity, {{ zero_money() }} as old_usd
    from lines
    union all
    select
        period_grain, next_start, task_type, model_key, meter, tier, is_token_meter,
        0::hugeint, {{ zero_money() }}, quantity, cost_usd
    from lines

),

keys as (

    select
        period_grain, period_start, task_type, model_key, meter, tier, is_token_meter,
        cast(sum(new_quantity) as hugeint) as new_quantity,
        cast(sum(old_quantity) as hugeint) as old_quantity,
        cast(sum(new_usd) as decimal(38, 18)) as new_usd,
        cast(sum(old_usd) as decimal(38, 18)) as old_usd
    from sides
    group by all

),

-- old quantities at new prices; what is not bought in both periods keeps the price it had
priced as (

    select
        *,
        case when new_quantity > 0 and old_quantity > 0
            then {{ exact_scale('new_usd', 'old_quantity', 'new_quantity') }}
            else old_usd
        end as priced_usd
    from keys
    where is_token_meter

),

meters as (

    select
        period_grain, period_start, task_type, model_key, meter,
        cast(sum(new_quantity) as hugeint) as new_quantity,
        cast(sum(old_quantity) as hugeint) as old_quantity,
        cast(sum(new_usd) as decimal(38, 18)) as new_usd,
        cast(sum(old_usd) as decimal(38, 18)) as old_usd,
        cast(sum(priced_usd) as decimal(38, 18)) as priced_usd
    from priced
    group by all

),

-- the tiers of each model and meter in their new shares
tiered as (

    select
        *,
        case when new_quantity > 0 and old_quantity > 0
            then {{ exact_scale('new_usd', 'old_quantity', 'new_quantity') }}
            else priced_usd
        end as tiered_usd
    from meters

),

token_costs as (

    select
        period_grain, period_start, task_type,
        cast(sum(new_quantity) as hugeint) as new_tokens,
        cast(sum(old_quantity) as hugeint) as old_tokens,
        cast(sum(new_usd) as decimal(38, 18)) as new_usd,
        cast(sum(old_usd) as decimal(38, 18)) as old_usd,
        cast(sum(priced_usd) as decimal(38, 18)) as priced_usd,
        cast(sum(tiered_usd) as decimal(38, 18)) as tiered_usd
    from tiered
    group by all

),

other_costs as (

    select
        period_grain, period_start, task_type,
        cast(sum(new_usd) as decimal(38, 18)) as new_usd,
        cast(sum(old_usd) as decimal(38, 18)) as old_usd
    from keys
    where not is_token_meter
    group by all

),

paired as (

    select
        cohorts.period_grain,
        cohorts.period_start,
        cohorts.task_type,
        earlier.period_start as previous_period_start,
        case
            when cohorts.successful_tasks = 0 or earlier.successful_tasks = 0 then 'no_success'
            when cohorts.is_lower_bound or earlier.is_lower_bound then 'unpriced_usage'
        end as unknown_reason,
        earlier.computed_successful_task_unit_cost_usd as previous_unit_cost_usd,
        cohorts.computed_successful_task_unit_cost_usd as new_unit_cost_usd,
        cohorts.is_lower_bound or earlier.is_lower_bound as is_lower_bound,
        cohorts.is_provisional,
        cohorts.concluded_tasks as new_tasks,
        earlier.concluded_tasks as old_tasks,
        cohorts.attempts as new_attempts,
        earlier.attempts as old_attempts,
        cohorts.successful_tasks as new_successes,
        earlier.successful_tasks as old_successes,
        coalesce(token_costs.new_tokens, 0) as new_tokens,
        coalesce(token_costs.old_tokens, 0) as old_tokens,
        coalesce(token_costs.new_usd, {{ zero_money() }}) as new_token_usd,
        coalesce(token_costs.old_usd, {{ zero_money() }}) as old_token_usd,
        coalesce(token_costs.priced_usd, {{ zero_money() }}) as priced_usd,
        coalesce(token_costs.tiered_usd, {{ zero_money() }}) as tiered_usd,
        coalesce(other_costs.old_usd, {{ zero_money() }}) as old_other_usd,
        cast(coalesce(token_costs.new_usd, 0) + coalesce(other_costs.new_usd, 0) as decimal(38, 18)) as new_usd
    from cohorts
    inner join cohorts as earlier
        on cohorts.period_grain = earlier.period_grain
        and cohorts.task_type = earlier.task_type
        and earlier.period_start = cast(
            cohorts.period_start - case cohorts.period_grain when 'week' then interval 7 day else interval 1 month end
            as date
        )
    left join token_costs
        on cohorts.period_grain = token_costs.period_grain
        and cohorts.period_start = token_costs.period_start
        and cohorts.task_type = token_costs.task_type
    left join other_costs
        on cohorts.period_grain = other_costs.period_grain
        and cohorts.period_start = other_costs.period_start
        and cohorts.task_type = other_costs.task_type

),

-- the old cohort's cost as it would be, one factor after the other taking its new value
walked as (

    select
        *,
        cast(old_token_usd + old_other_usd as decimal(38, 18)) as start_usd,
        cast(priced_usd + old_other_usd as decimal(38, 18)) as price_usd,
        cast(tiered_usd + old_other_usd as decimal(38, 18)) as tier_usd,
        cast(
            case when new_tokens > 0 and old_tokens > 0
                then {{ exact_scale('new_token_usd', 'old_tokens', 'new_tokens') }}
                else tiered_usd
            end + old_other_usd as decimal(38, 18)
        ) as mix_usd,
        cast(
            {{ exact_scale('new_token_usd', 'old_attempts', 'new_attempts') }} + old_other_usd as decimal(38, 18)
        ) as tokens_per_attempt_usd,
        {{ exact_scale('new_usd', 'old_attempts', 'new_attempts') }} as other_charges_usd,
        {{ exact_scale('new_usd', 'old_tasks', 'new_tasks') }} as attempts_per_task_usd,
        new_usd as success_rate_usd
    from paired

),

{% set effects = [
    'price', 'tier', 'mix', 'tokens_per_attempt', 'other_charges', 'attempts_per_task', 'success_rate'
] -%}
steps as (

    {% for effect in effects -%}
    select
        *,
        cast({{ loop.index }} as integer) as effect_no,
        '{{ effect }}' as effect,
        {{ exact_div((loop.previtem | default('start')) ~ '_usd', 'old_successes') }} as before_unit_cost_usd,
        {{ exact_div(effect ~ '_usd', 'new_successes' if loop.last else 'old_successes') }} as after_unit_cost_usd
    from walked
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    period_grain,
    period_start,
    task_type,
    previous_period_start,
    effect_no,
    effect,
    case when unknown_reason is null then before_unit_cost_usd end as before_unit_cost_usd,
    case when unknown_reason is null then after_unit_cost_usd end as after_unit_cost_usd,
    cast(
        case when unknown_reason is null then after_unit_cost_usd - before_unit_cost_usd end as decimal(38, 12)
    ) as effect_unit_cost_usd,
    previous_unit_cost_usd,
    new_unit_cost_usd,
    cast(
        case when unknown_reason is null then new_unit_cost_usd - previous_unit_cost_usd end as decimal(38, 12)
    ) as change_unit_cost_usd,
    unknown_reason,
    is_lower_bound,
    is_provisional
from steps
