-- grain: one row per channel, account, month, model, meter, processing and unit price that the bill took
-- The price is the billed amount by the count that the bill states, else by the count of the provider's
-- usage or the log; NULL where a count is missing. Bills that round their lines are taken by the month.
with residuals as (select * from {{ ref('int_residuals') }}),

pairs as (

    select
        pair_id,
        any_value(channel) as channel,
        any_value(account) as account,
        any_value(billing_month) as month,
        any_value(model_key) as model_key,
        any_value(meter) as meter,
        any_value(processing) as processing,
        coalesce(any_value(usage_date), any_value(billing_month)) as first_day,
        coalesce(any_value(usage_date), last_day(any_value(billing_month))) as last_day,
        any_value(billed_rows) as billed_lines,
        any_value(priced_quantity) as quantity,
        any_value(billed_usd) as billed_usd,
        any_value(unit_price_usd) as card_unit_price_usd,
        any_value(rounding_allowance_usd) > 0 as is_rounded,
        coalesce(any_value(price_name), case
            when bool_or(residual_code = 'unknown_model') then 'a model without a price in the card'
            when bool_or(residual_code = 'rate') then 'no price of the card'
            else 'the card'
        end) as matches,
        sum(residual_usd) filter (where residual_code = rate_codes.code) as overcharge_usd
    from residuals
    left join (
        select residual_code as code from {{ ref('residual_codes') }} where family = 'rate' or residual_code = 'unknown_model'
    ) as rate_codes on residuals.residual_code = rate_codes.code
    where charge_kind = 'usage' and has_bill_row and model_key is not null and meter is not null
        and priced_quantity > 0 and billed_usd > 0
    group by pair_id

),

priced as (

    select
        *,
        case when not is_rounded then {{ unit_price_of('billed_usd', 'priced.quantity') }} end as exact_price_usd
    from pairs as priced

)

select
    channel,
    account,
    month,
    model_key,
    meter,
    processing,
    min(first_day) as first_day,
    max(last_day) as last_day,
    cast(sum(billed_lines) as bigint) as billed_lines,
    cast(sum(quantity) as decimal(38, 6)) as quantity,
    cast(sum(billed_usd) as decimal(38, 18)) as billed_usd,
    coalesce(
        exact_price_usd, {{ unit_price_of('sum(billed_usd)', 'sum(quantity)') }}
    ) as implied_unit_price_usd,
    case when count(distinct card_unit_price_usd) = 1 and count(card_unit_price_usd) = count(*)
        then min(card_unit_price_usd)
    end as card_unit_price_usd,
    matches,
    cast(coalesce(sum(overcharge_usd), 0) as decimal(38, 18)) as overcharge_usd
from priced
group by channel, account, month, model_key, meter, processing, matches, is_rounded, exact_price_usd
