{# The properties of a call by which tasks are told apart. #}
{% macro task_dimensions() -%}
    {{ return(['model_key', 'prompt_template', 'prompt_version', 'agent']) }}
{%- endmacro %}

{# Tasks concluded in a period with all their cost, and what their cost per success is made of: cost per
   attempt, attempts per task and success rate of one cohort, pooled. By a dimension a task stands whole
   at the value that carries most of its spend. Spend on open tasks, on no task and out of scope stands
   in the period it was incurred, so that a period_grain sums to the ledger. #}
{% macro task_cost_factors_mart(dimension=none) -%}
{%- set by_dimension = ', dimension_value' if dimension else '' -%}
with tasks as (select * from {{ ref('int_task_attempts') }}),

spend as (select * from {{ ref('int_task_spend') }}),

as_of as (select * from {{ ref('int_outcome_as_of') }}),

daily as (

    select
        concluded_date as day,
        task_type,
        {%- if dimension %}
        coalesce({{ dimension }}, 'unattributed') as dimension_value,
        {%- endif %}
        'concluded' as cohort,
        cast(null as varchar) as scope_rule,
        count(*) as concluded_tasks,
        sum(attempts) as attempts,
        count(*) filter (where is_success) as successful_tasks,
        0 as usage_rows,
        0 as unpriced_usage_rows,
        0 as accrued_usage_rows,
        {{ zero_money() }} as computed_cost_usd,
        {{ zero_money() }} as trued_up_cost_usd
    from tasks
    group by all

    union all by name

    select
        coalesce(tasks.concluded_date, spend.usage_date) as day,
        spend.task_type,
        {%- if dimension %}
        coalesce(tasks.{{ dimension }}, 'unattributed') as dimension_value,
        {%- endif %}
        spend.cohort,
        spend.scope_rule,
        0 as concluded_tasks,
        0 as attempts,
        0 as successful_tasks,
        sum(spend.usage_rows) as usage_rows,
        sum(spend.unpriced_usage_rows) as unpriced_usage_rows,
        sum(spend.accrued_usage_rows) as accrued_usage_rows,
        sum(spend.computed_cost_usd) as computed_cost_usd,
        sum(spend.trued_up_cost_usd) as trued_up_cost_usd
    from spend
    left join tasks on spend.task_id = tasks.task_id
    group by all

),

periods as (

    {% for grain in ['day', 'week', 'month'] -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start("'" ~ grain ~ "'", 'day') }} as period_start,
        task_type{{ by_dimension }},
        cohort,
        scope_rule,
        cast(sum(concluded_tasks) as bigint) as concluded_tasks,
        cast(sum(attempts) as bigint) as attempts,
        cast(sum(successful_tasks) as bigint) as successful_tasks,
        sum(usage_rows) as usage_rows,
        sum(unpriced_usage_rows) as unpriced_usage_rows,
        sum(accrued_usage_rows) as accrued_usage_rows,
        cast(sum(computed_cost_usd) as decimal(38, 18)) as computed_cost_usd,
        cast(sum(trued_up_cost_usd) as decimal(38, 18)) as trued_up_cost_usd
    from daily
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    period_grain,
    period_start,
    task_type,
    {%- if dimension %}
    dimension_value as {{ dimension }},
    {%- endif %}
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
