-- grain: one row per compared pair and residual code
-- computed_cost_usd, billed_usd and the quantities stand on the first line of a pair and are 0 on the
-- others, so every column may be summed: the sum of residual_usd is billed minus computed, exactly.
with residuals as (select * from {{ ref('int_residuals') }}),

codes as (select * from {{ ref('residual_codes') }}),

numbered as (

    select
        residuals.*,
        codes.is_explained,
        codes.is_proved,
        codes.meaning,
        codes.action,
        row_number() over (
            partition by channel, account, billing_month, usage_date, bill, api_key_id, model_key, meter, processing
            order by codes.sort_order
        ) as line_no
    from residuals
    inner join codes on residuals.residual_code = codes.residual_code

)

select
    md5(concat_ws(
        '|', channel, account, billing_month, coalesce(cast(usage_date as varchar), ''), bill,
        coalesce(api_key_id, ''), coalesce(model_key, ''), coalesce(meter, ''), coalesce(processing, ''), residual_code
    )) as reconciliation_line_id,
    channel,
    account,
    billing_month as month,
    usage_date,
    bill,
    api_key_id,
    model_key,
    meter,
    processing,
    line_no,
    residual_code,
    'USD' as currency,
    if(line_no = 1, coalesce(cast(computed_quantity as decimal(38, 0)), 0), 0) as computed_quantity,
    if(line_no = 1, coalesce(cast(usage_quantity as decimal(38, 0)), 0), 0) as provider_usage_quantity,
    if(line_no = 1, billed_quantity, 0) as billed_quantity,
    if(line_no = 1, computed_cost_usd, {{ zero_money() }}) as computed_cost_usd,
    if(line_no = 1, billed_usd, {{ zero_money() }}) as billed_usd,
    residual_usd,
    unit_price_usd as card_unit_price_usd,
    is_explained,
    is_proved,
    has_unpriced_usage as is_lower_bound,
    meaning,
    action
from numbered
