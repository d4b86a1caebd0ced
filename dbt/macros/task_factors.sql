{# Tasks concluded in a period with all their cost, whenever incurred, and what their cost per success is
   made of: cost per attempt, attempts per task and success rate of one cohort, pooled. Spend on open
   tasks, on no task and out of scope stands in the period it was incurred, so that a period_grain sums
   to the ledger. #}
{% macro task_cost_factors_mart(cut=[]) -%}
with outcomes as (

    select
        period_grain,
        period_start,
        class as task_type,
        {%- for column in cut %}
        {{ column }},
        {%- endfor %}
        'concluded' as cohort,
        cast(null as varchar) as scope_rule,
        concluded_tasks,
        successful_tasks,
        attempts
    from {{ ref('int_task_outcomes') }}

),

daily_costs as (

    select
        if(scope_rule is null, coalesce(concluded_date, usage_date), usage_date) as day,
        class as task_type,
        {%- for column in cut %}
        {{ column }},
        {%- endfor %}
        case
            when scope_rule is not null then 'out_of_scope'
            when not is_matched then 'unattributed'
            when concluded_date is null then 'open'
            else 'concluded'
        end as cohort,
        scope_rule,
        sum(usage_rows) as usage_rows,
        sum(unpriced_usage_rows) as unpriced_usage_rows,
        sum(accrued_usage_rows) as accrued_usage_rows,
        sum(computed_cost_usd) as computed_cost_usd,
        sum(trued_up_cost_usd) as trued_up_cost_usd
    from {{ ref('int_task_costs') }}
    group by all

),

as_of as (select * from {{ ref('int_outcome_as_of') }}),

costs as (

    {% for grain in ['day', 'week', 'month'] -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start("'" ~ grain ~ "'", 'day') }} as period_start,
        daily_costs.* exclude (day)
    from daily_costs
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

unioned as (

    select * from outcomes
    union all by name
    select * from costs

),

periods as (

    select
        period_grain,
        period_start,
        task_type,
        {%- for column in cut %}
        {{ column }},
        {%- endfor %}
        cohort,
        scope_rule,
        cast(sum(coalesce(concluded_tasks, 0)) as bigint) as concluded_tasks,
        cast(sum(coalesce(attempts, 0)) as bigint) as attempts,
        cast(sum(coalesce(successful_tasks, 0)) as bigint) as successful_tasks,
        cast(sum(coalesce(computed_cost_usd, 0)) as decimal(38, 18)) as computed_cost_usd,
        cast(sum(coalesce(trued_up_cost_usd, 0)) as decimal(38, 18)) as trued_up_cost_usd,
        sum(coalesce(usage_rows, 0)) as usage_rows,
        sum(coalesce(unpriced_usage_rows, 0)) as unpriced_usage_rows,
        sum(coalesce(accrued_usage_rows, 0)) as accrued_usage_rows
    from unioned
    group by all

)

select
    period_grain,
    period_start,
    task_type,
    {%- for column in cut %}
    {{ column }},
    {%- endfor %}
    cohort,
    scope_rule,
    concluded_tasks,
    attempts,
    successful_tasks,
    computed_cost_usd,
    trued_up_cost_usd,
    case
        when accrued_usage_rows = 0 then 'trued_up'
        when accrued_usage_rows < usage_rows then 'partly_accrued'
        else 'accrued'
    end as trued_up_status,
    {%- for basis in ['computed', 'trued_up'] %}
    {{ exact_div(basis ~ '_cost_usd', 'attempts') }} as {{ basis }}_attempt_unit_cost_usd,
    {{ exact_div(basis ~ '_cost_usd', 'concluded_tasks') }} as {{ basis }}_task_unit_cost_usd,
    {{ exact_div(basis ~ '_cost_usd', 'successful_tasks') }} as {{ basis }}_successful_task_unit_cost_usd,
    {%- endfor %}
    {{ ratio('attempts', 'concluded_tasks') }} as attempts_per_task_ratio,
    {{ ratio('successful_tasks', 'concluded_tasks') }} as task_success_ratio,
    {{ ratio('successful_tasks', 'attempts') }} as attempt_success_ratio,
    unpriced_usage_rows > 0 as is_lower_bound,
    period_start
    + case period_grain when 'day' then interval 1 day when 'week' then interval 7 day else interval 1 month end
    > coalesce(as_of.as_of_at, timestamp '1970-01-01') as is_provisional
from periods
cross join as_of
{%- endmacro %}

{# The i-th of n even parts of a count in whole millionths: the parts sum to the count. #}
{% macro even_count(count, part_no, parts) -%}
    cast(
        cast(cast({{ count }} as decimal(32, 6)) * 1000000 as decimal(38, 0))::hugeint // {{ parts }}
        + if({{ part_no }} <= cast(cast({{ count }} as decimal(32, 6)) * 1000000 as decimal(38, 0))::hugeint % {{ parts }}, 1, 0)
        as hugeint
    )
{%- endmacro %}
