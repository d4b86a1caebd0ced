{{ config(materialized='table') }}
-- grain: one row per channel, account, day (or month), model and residual code that moves computed
-- cost to the bill. Days that no bill covers have no row: there trued-up equals computed.
with residuals as (select * from {{ ref('int_residuals') }}),

codes as (select * from {{ ref('residual_codes') }})

select
    md5(concat_ws(
        '|', residuals.channel, residuals.account, residuals.billing_month,
        coalesce(cast(residuals.usage_date as varchar), ''), coalesce(residuals.model_key, ''), residuals.residual_code
    )) as true_up_line_id,
    residuals.channel,
    residuals.account,
    residuals.billing_month,
    residuals.usage_date,
    residuals.model_key,
    residuals.residual_code,
    codes.is_proved,
    cast(sum(residuals.residual_usd) as decimal(38, 18)) as amount_usd
from residuals
inner join codes on residuals.residual_code = codes.residual_code
where codes.is_usage and residuals.residual_code not in ('matched', 'not_billed')
group by all
having sum(residuals.residual_usd) <> 0
