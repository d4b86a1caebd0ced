{{ config(materialized='table') }}
-- grain: one row per ledger row, per charge of a period, and per true-up line that no ledger row
-- carries; every unit-cost mart reads it, so it is written once
-- computed_cost_usd is tokens times card (0 where unpriced, and counted); trued_up_cost_usd is that
-- plus its share of the proved residuals, and of those that a rule spreads. What is left of the others
-- stands as rows without attribution, on their day, or on the last day of their month.
with calls as (select * from {{ ref('fct_llm_calls') }}),

shares as (

    select usage_row_id, sum(share_usd) as share_usd from {{ ref('int_true_up_shares') }} group by usage_row_id

),

lines as (select * from {{ ref('int_true_up_lines') }}),

period_lines as (

    select
        *,
        md5(concat_ws(
            '|', usage_date, channel, account, coalesce(model_key, ''), coalesce(meter, ''), coalesce(contract_id, ''),
            coalesce(charge_class, ''), coalesce(charge_description, ''), coalesce(cast(restated_on as varchar), '')
        )) as line_id
    from {{ ref('fct_charge_lines') }}
    where charge_origin = 'period'

),

bill_days as (select distinct channel, account, usage_date from {{ ref('int_bill_days') }}),

invoiced_months as (

    select distinct channel, account, billing_month
    from {{ ref('int_billed_lines') }}
    where document_type = 'invoice' and charge_kind in ('usage', 'adjustment') and billed_usd is not null

)

select
    calls.usage_row_id as cost_row_id,
    calls.usage_date,
    calls.requested_at,
    calls.channel,
    calls.account,
    calls.provider,
    calls.model_key,
    calls.prompt_template,
    calls.prompt_version,
    calls.agent,
    calls.feature,
    calls.team,
    calls.tenant,
    calls.environment,
    calls.user_key,
    calls.session_id,
    calls.trace_id,
    calls.task_id,
    calls.ticket_id,
    calls.attempt_no,
    calls.tags,
    1 as usage_rows,
    if(calls.unpriced_reason is null, 0, 1) as unpriced_usage_rows,
    coalesce(calls.requests, 0) as requests,
    if(calls.requests is null, 1, 0) as uncounted_usage_rows,
    if(calls.unpriced_reason is null, 0, coalesce(calls.requests, 1)) as unpriced_requests,
    coalesce(calls.cost_usd, {{ zero_money() }}) as computed_cost_usd,
    cast(coalesce(calls.cost_usd, 0) + coalesce(shares.share_usd, 0) as decimal(38, 18)) as trued_up_cost_usd,
    bill_days.channel is null and invoiced_months.channel is null as is_accrued
from calls
left join shares on calls.usage_row_id = shares.usage_row_id
left join bill_days
    on calls.channel = bill_days.channel
    and calls.account = bill_days.account
    and calls.usage_date = bill_days.usage_date
left join invoiced_months
    on calls.channel = invoiced_months.channel
    and calls.account = invoiced_months.account
    and date_trunc('month', calls.usage_date) = invoiced_months.billing_month

union all by name

-- nothing says which feature a charge of a period served
select
    'period:' || period_lines.line_id || ':' || row_number() over (
        partition by period_lines.line_id order by period_lines.cost_usd
    ) as cost_row_id,
    period_lines.usage_date,
    period_lines.channel,
    period_lines.account,
    period_lines.provider,
    period_lines.model_key,
    'unattributed' as feature,
    'unattributed' as team,
    'unknown' as environment,
    1 as usage_rows,
    if(period_lines.unpriced_reason is null, 0, 1) as unpriced_usage_rows,
    cast(0 as bigint) as requests,
    0 as uncounted_usage_rows,
    cast(0 as bigint) as unpriced_requests,
    coalesce(period_lines.cost_usd, {{ zero_money() }}) as computed_cost_usd,
    coalesce(period_lines.cost_usd, {{ zero_money() }}) as trued_up_cost_usd,
    bill_days.channel is null and invoiced_months.channel is null as is_accrued
from period_lines
left join bill_days
    on period_lines.channel = bill_days.channel
    and period_lines.account = bill_days.account
    and period_lines.usage_date = bill_days.usage_date
left join invoiced_months
    on period_lines.channel = invoiced_months.channel
    and period_lines.account = invoiced_months.account
    and date_trunc('month', period_lines.usage_date) = invoiced_months.billing_month

union all by name

select
    'true_up:' || lines.true_up_line_id as cost_row_id,
    coalesce(lines.usage_date, last_day(lines.billing_month)) as usage_date,
    lines.channel,
    lines.account,
    lines.model_key,
    'unattributed' as feature,
    'unattributed' as team,
    'unknown' as environment,
    0 as usage_rows,
    0 as unpriced_usage_rows,
    cast(0 as bigint) as requests,
    0 as uncounted_usage_rows,
    cast(0 as bigint) as unpriced_requests,
    {{ zero_money() }} as computed_cost_usd,
    lines.amount_usd as trued_up_cost_usd,
    false as is_accrued
from lines
where lines.pool_no is null
