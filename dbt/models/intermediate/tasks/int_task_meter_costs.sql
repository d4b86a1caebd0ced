{{ config(materialized='table') }}
-- grain: one row per day of conclusion, task type, model, tier (channel, service tier, processing, geography,
-- context band) and meter: what the concluded tasks used and what it cost, whenever incurred
with calls as not materialized (select * from {{ ref('fct_llm_calls') }}),

tasks as not materialized (

    select task_id, task_type, concluded_date
    from {{ ref('int_tasks') }}
    where task_status in ('success', 'failure')

),

-- a task's own id decides first and names one task, so those calls need no look at the bridge
other_links as (

    select cost_row_id, subject_id, split_no, split_count
    from {{ ref('int_linked_task_costs') }}
    where subject_id is not null and link_method <> 'task_id'

),

-- meters of a call that served several tasks are parted in whole millionths, and costs are scaled like them
linked as not materialized (

    select calls.*, tasks.task_type, tasks.concluded_date, false as is_part
    from calls
    inner join tasks on calls.task_id = tasks.task_id
    union all by name
    select
        calls.* replace (
            {%- for meter in priced_meters() %}
            {{ even_count(meter, 'other_links.split_no', 'other_links.split_count') }} as {{ meter }},
            {%- endfor %}
            list_transform(
                calls.other_meters,
                lambda other: struct_pack(
                    meter := other.meter,
                    quantity := cast(
                        {{ even_count('other.quantity', 'other_links.split_no', 'other_links.split_count') }}
                        as decimal(19, 6)
                    )
                )
            ) as other_meters,
            cast(
                {{ even_part('calls.cost_usd', 'other_links.split_no', 'other_links.split_count') }} * 1000000
                as decimal(38, 18)
            ) as cost_usd
        ),
        tasks.task_type,
        tasks.concluded_date,
        true as is_part
    from other_links
    inner join tasks on other_links.subject_id = tasks.task_id
    inner join calls on other_links.cost_row_id = calls.usage_row_id

),

in_scope as not materialized (

    select cost_rows.*
    from linked as cost_rows
    {{ scope_rule('successful_task') }}
    where coalesce(feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name) is null

),

{% set key = [
    'concluded_date', 'task_type', 'is_part', 'channel', 'model_key', 'service_tier', 'processing', 'geo',
    'ctx_min_tokens', 'price_set_id', 'cost_basis', 'unpriced_reason'
] -%}
-- summed before the meters become rows; a call with meters beside the columns stays as it is
summed_calls as (

    select
        {{ key | join(', ') }},
        {%- for meter in priced_meters() %}
        sum({{ meter }}) as {{ meter }},
        {%- endfor %}
        sum(coalesce(requests, 1)) as requests,
        sum(list_cost_usd) as list_cost_usd,
        sum(cost_usd) as cost_usd
    from in_scope
    where other_meters is null
    group by all

    union all by name

    select
        {{ key | join(', ') }},
        {%- for meter in priced_meters() %}
        {{ meter }},
        {%- endfor %}
        other_meters,
        coalesce(requests, 1) as requests,
        list_cost_usd,
        cost_usd
    from in_scope
    where other_meters is not null

),

{{ meter_lines('summed_calls', key) }},

lines as (

    select
        concluded_date,
        task_type,
        model_key,
        concat_ws(' ', channel, service_tier, processing, geo, ctx_min_tokens) as tier,
        meter,
        meter like '%\_tokens' escape '\' as is_token_meter,
        cast(sum(if(is_part, cast(cast(quantity as decimal(32, 0)) * 0.000001 as decimal(38, 6)), quantity))
            as decimal(38, 6)) as quantity,
        cast(sum(
            case
                when cost_usd is null then 0
                when is_part then {{ exact_share('cost_usd', 1000000) }}
                else cost_usd
            end
        ) as decimal(38, 18)) as cost_usd
    from meter_lines
    group by all

),

cohorts as (

    select concluded_date, class as task_type, cast(sum(computed_cost_usd) as decimal(38, 18)) as cost_usd
    from {{ ref('int_task_costs') }}
    where concluded_date is not null and scope_rule is null
    group by all

),

line_totals as (

    select concluded_date, task_type, sum(cost_usd) as cost_usd from lines group by all

)

select * from lines

union all by name

-- a call's cost is parted at 10^-18 USD and its meters at 10^-6 of one, so parts that fall to several cohorts
-- differ by what a millionth of a token costs
select
    cohorts.concluded_date,
    cohorts.task_type,
    'rounding' as tier,
    'rounding_of_parts' as meter,
    false as is_token_meter,
    cast(0 as decimal(38, 6)) as quantity,
    cast(cohorts.cost_usd - coalesce(line_totals.cost_usd, 0) as decimal(38, 18)) as cost_usd
from cohorts
left join line_totals
    on cohorts.concluded_date = line_totals.concluded_date
    and cohorts.task_type = line_totals.task_type
where cohorts.cost_usd <> coalesce(line_totals.cost_usd, 0)
