-- grain: one row per line that contracts.csv could take so that the computed cost follows the bill
-- A discount that is the same on every differing line of the month is one line; else a price per model and
-- meter. `reason` says from what it is solved; nobody has agreed to it yet.
with rates as (

    select *
    from {{ ref('implied_rates') }}
    -- of several card prices in one bill line no single other price can be solved
    where matches = 'a model without a price in the card'
        or (matches = 'no price of the card' and card_unit_price_usd is not null)

),

parts as (

    select *
    from {{ ref('int_residuals') }}
    where residual_code = 'rate' and billed_usd > 0 and net_used_usd + count_usd > 0

),

-- billed by computed, in hundredths of a percent, where that is a whole number
shared as (

    select
        channel,
        account,
        billing_month as month,
        min(coalesce(usage_date, billing_month)) as first_day,
        max(coalesce(usage_date, last_day(billing_month))) as last_day,
        count(*) as lines,
        min({{ units_of('billed_usd') }} * 10000 // {{ units_of('net_used_usd + count_usd') }}) as basis_points
    from parts
    group by channel, account, billing_month
    having bool_and({{ units_of('billed_usd') }} * 10000 % {{ units_of('net_used_usd + count_usd') }} = 0)
        and min({{ units_of('billed_usd') }} * 10000 // {{ units_of('net_used_usd + count_usd') }})
        = max({{ units_of('billed_usd') }} * 10000 // {{ units_of('net_used_usd + count_usd') }})
        and count(distinct (model_key, meter)) > 1
)

select
    channel,
    account,
    month,
    'contract' as proposal,
    cast(null as varchar) as provider,
    cast(null as varchar) as model_key,
    cast(null as varchar) as meter,
    cast(null as varchar) as processing,
    cast(null as varchar) as service_tier,
    cast(null as varchar) as geo,
    'multiplier' as kind,
    cast(cast(basis_points as decimal(20, 0)) * 0.0001 as decimal(38, 18)) as value,
    cast(null as bigint) as per,
    'USD' as currency,
    first_day as valid_from,
    last_day + 1 as valid_to,
    'bill of ' || strftime(month, '%Y-%m') as doc_ref,
    lines || ' lines are billed at ' || {{ plain_number('cast(basis_points as decimal(20, 0)) * 0.01') }}
        || ' % of the card' as reason
from shared

union all by name

select
    rates.channel,
    rates.account,
    rates.month,
    if(rates.card_unit_price_usd is null, 'rate_card', 'contract') as proposal,
    rates.model_key,
    rates.meter,
    rates.processing,
    'fixed_price' as kind,
    cast(rates.implied_unit_price_usd * 1000000 as decimal(38, 18)) as value,
    cast(1000000 as bigint) as per,
    'USD' as currency,
    rates.first_day as valid_from,
    rates.last_day + 1 as valid_to,
    'bill of ' || strftime(rates.month, '%Y-%m') as doc_ref,
    rates.billed_lines || ' lines bill ' || {{ plain_number('rates.quantity') }} || ' units with '
        || {{ plain_number('rates.billed_usd') }} || ' USD'
        || coalesce('; the card says ' || {{ plain_number('rates.card_unit_price_usd') }} || ' USD each', '; the card has no price')
        as reason
from rates
anti join shared
    on rates.channel = shared.channel
    and rates.account = shared.account
    and rates.month = shared.month
    and rates.card_unit_price_usd is not null
