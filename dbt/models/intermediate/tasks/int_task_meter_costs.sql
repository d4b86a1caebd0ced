{{ config(materialized='table') }}
-- grain: one row per day of conclusion, task type, model, tier (channel, service tier, processing, geography,
-- context band) and meter: what the concluded tasks used and what it cost, whenever incurred
with calls as (select * from {{ ref('fct_llm_calls') }} where task_id is not null),

tasks as (select task_id, task_type, concluded_date from {{ ref('int_task_attempts') }}),

{% set key = [
    'concluded_date', 'task_type', 'channel', 'model_key', 'service_tier', 'processing', 'geo', 'ctx_min_tokens',
    'price_set_id', 'cost_basis', 'unpriced_reason'
] -%}
in_scope as (

    select cost_rows.*, tasks.task_type, tasks.concluded_date
    from calls as cost_rows
    inner join tasks on cost_rows.task_id = tasks.task_id
    {{ scope_rule('successful_task') }}
    where coalesce(feature_scope.rule_name, team_scope.rule_name, environment_scope.rule_name) is null

),

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

{{ meter_lines('summed_calls', key) }}

select
    concluded_date,
    task_type,
    model_key,
    concat_ws(' ', channel, service_tier, processing, geo, ctx_min_tokens) as tier,
    meter,
    meter like '%\_tokens' escape '\' as is_token_meter,
    cast(sum(quantity) as decimal(38, 6)) as quantity,
    cast(sum(coalesce(cost_usd, 0)) as decimal(38, 18)) as cost_usd
from meter_lines
group by all
