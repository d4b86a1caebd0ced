{{ config(materialized='table') }}
-- grain: one row per channel, account, day (or month), model, meter, processing and residual code that
-- moves computed cost to the bill. Days that no bill covers have no row: there trued-up equals computed.
-- A proved residual goes to the rows it concerns: by the meter's quantity, else by the model's cost. An
-- unproved one is spread only where a rule in true_up_rules.csv says so: over the same rows where they
-- are known and exist, else over the day, else over the month. Lines with the same receivers share a
-- pool; a line without one stands unattributed.
with residuals as (select * from {{ ref('int_residuals') }}),

codes as (select * from {{ ref('residual_codes') }}),

rules as (select * from {{ ref('stg_reference__true_up_rules') }}),

moved as (

    select
        md5(concat_ws(
            '|', residuals.channel, residuals.account, residuals.billing_month,
            coalesce(cast(residuals.usage_date as varchar), ''), coalesce(residuals.model_key, ''),
            coalesce(residuals.meter, ''), coalesce(residuals.processing, ''), residuals.residual_code
        )) as true_up_line_id,
        residuals.channel,
        residuals.account,
        residuals.billing_month,
        residuals.usage_date,
        residuals.model_key,
        residuals.meter,
        residuals.processing,
        residuals.residual_code,
        codes.family,
        codes.is_proved,
        cast(sum(residuals.residual_usd) as decimal(38, 18)) as amount_usd
    from residuals
    inner join codes on residuals.residual_code = codes.residual_code
    where codes.is_usage and residuals.residual_code not in ('matched', 'not_billed')
    group by
        residuals.channel, residuals.account, residuals.billing_month, residuals.usage_date, residuals.model_key,
        residuals.meter, residuals.processing, residuals.residual_code, codes.family, codes.is_proved
    having sum(residuals.residual_usd) <> 0

),

-- the rule that names the most: code before family before any, then channel, then account
ruled as (

    select
        moved.*,
        moved.is_proved or coalesce(rules.rule = 'proportional', false) as is_shared
    from moved
    left join rules
        on not moved.is_proved
        and (rules.channel is null or moved.channel = rules.channel)
        and (rules.account is null or moved.account = rules.account)
        and (rules.residual is null or rules.residual in (moved.residual_code, moved.family))
        and coalesce(moved.usage_date, moved.billing_month) >= rules.valid_from
        and coalesce(moved.usage_date, moved.billing_month) < rules.valid_to
    qualify row_number() over (
        partition by moved.true_up_line_id
        order by
            case when rules.residual = moved.residual_code then 0 when rules.residual = moved.family then 1 else 2 end,
            rules.channel is null, rules.account is null, rules.valid_from desc, rules.row_number
    ) = 1

),

used as (

    select
        channel, account, usage_date, model_key, processing,
        {%- for meter in priced_meters() %}
        sum({{ meter }}) as {{ meter }},
        {%- endfor %}
        sum(cost_usd) as cost_usd
    from {{ ref('fct_llm_calls') }}
    where cost_usd > 0
    group by channel, account, usage_date, model_key, processing

),

periods as (

    select *, 'day' as period_grain, usage_date as first_day from used
    union all
    select *, 'month' as period_grain, cast(date_trunc('month', usage_date) as date) as first_day from used

),

-- what each scope holds, so that nothing is sent where nothing could take it
scopes as (

    select
        channel, account, period_grain, first_day, model_key, processing,
        grouping(model_key) = 1 as is_any_model,
        grouping(processing) = 1 as is_any_processing,
        {%- for meter in priced_meters() %}
        sum({{ meter }}) as {{ meter }},
        {%- endfor %}
        sum(cost_usd) as cost_usd
    from periods
    group by grouping sets (
        (channel, account, period_grain, first_day),
        (channel, account, period_grain, first_day, model_key),
        (channel, account, period_grain, first_day, model_key, processing)
    )

),

scoped as (

    select
        ruled.*,
        case
            when not ruled.is_shared then null
            when {{ meter_quantity('of_model', 'ruled.meter') }} > 0 then 'meter'
            when of_model.cost_usd > 0 then 'model'
            when not ruled.is_proved and of_period.cost_usd > 0 then 'period'
            when not ruled.is_proved and of_month.cost_usd > 0 then 'month'
        end as scope
    from ruled
    left join scopes as of_model
        on ruled.channel = of_model.channel
        and ruled.account = of_model.account
        and if(ruled.usage_date is null, 'month', 'day') = of_model.period_grain
        and coalesce(ruled.usage_date, ruled.billing_month) = of_model.first_day
        and ruled.model_key = of_model.model_key
        and not of_model.is_any_model
        and (ruled.processing is null) = of_model.is_any_processing
        and coalesce(ruled.processing, '') = if(of_model.is_any_processing, '', of_model.processing)
    left join scopes as of_period
        on ruled.channel = of_period.channel
        and ruled.account = of_period.account
        and if(ruled.usage_date is null, 'month', 'day') = of_period.period_grain
        and coalesce(ruled.usage_date, ruled.billing_month) = of_period.first_day
        and of_period.is_any_model
    left join scopes as of_month
        on ruled.channel = of_month.channel
        and ruled.account = of_month.account
        and of_month.period_grain = 'month'
        and ruled.billing_month = of_month.first_day
        and of_month.is_any_model

),

pooled as (

    select
        *,
        case
            when scope = 'month' or usage_date is null then billing_month else usage_date
        end as pool_first_day,
        case
            when scope = 'month' or usage_date is null then last_day(billing_month) else usage_date
        end as pool_last_day,
        if(scope in ('meter', 'model'), model_key, null) as pool_model_key,
        if(scope in ('meter', 'model'), processing, null) as pool_processing,
        if(scope = 'meter', meter, null) as pool_meter
    from scoped

)

select
    true_up_line_id,
    channel,
    account,
    billing_month,
    usage_date,
    model_key,
    meter,
    processing,
    residual_code,
    is_proved,
    scope,
    pool_first_day,
    pool_last_day,
    pool_model_key,
    pool_processing,
    pool_meter,
    -- a short number stands for the pool in the rows below
    case
        when scope is not null
            then dense_rank() over (
                order by
                    scope is null, channel, account, pool_first_day, pool_last_day, pool_model_key, pool_processing,
                    pool_meter
            )
    end as pool_no,
    amount_usd
from pooled
