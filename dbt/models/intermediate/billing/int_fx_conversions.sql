-- grain: one row per channel, account, currency other than USD, month and conversion date of a bill
-- The policy is the most special row of fx_policies that holds on the conversion date, else
-- invoice_date. A published rate holds until the next one, for at most seven days (weekends and
-- holidays have none). fx_rate is NULL, with the reason, where no rate is known: an amount is never
-- converted by a guess.
with bills as (

    select distinct channel, account, billed_currency as currency, billing_month, conversion_date
    from {{ ref('int_bill_lines') }}
    where billed_currency <> 'USD'

),

rates as (select * from {{ ref('stg_reference__fx_rates') }}),

policies as (select * from {{ ref('stg_reference__fx_policies') }}),

month_rates as (

    select
        currency,
        cast(date_trunc('month', rate_date) as date) as rate_month,
        max(rate_date) as last_rate_date,
        cast({{ exact_share('sum(usd_per_unit)', 'count(*)') }} as decimal(28, 18)) as usd_per_unit
    from rates
    group by currency, rate_month

),

ruled as (

    select
        bills.*,
        coalesce(policies.policy, 'invoice_date') as fx_policy,
        policies.contract_rate,
        policies.valid_from
    from bills
    left join policies
        on (policies.channel is null or bills.channel = policies.channel)
        and (policies.account is null or bills.account = policies.account)
        and (policies.currency is null or bills.currency = policies.currency)
        and bills.conversion_date >= policies.valid_from
        and bills.conversion_date < policies.valid_to
    qualify row_number() over (
        partition by bills.channel, bills.account, bills.currency, bills.billing_month, bills.conversion_date
        order by
            policies.account is null, policies.channel is null, policies.currency is null,
            policies.valid_from desc, policies.row_number
    ) = 1

),

dated as (

    select ruled.*, rates.usd_per_unit as day_rate, rates.rate_date as day_rate_date
    from ruled
    asof left join rates
        on ruled.currency = rates.currency
        and ruled.conversion_date >= rates.rate_date

),

known as (select distinct currency from rates)

select
    dated.channel,
    dated.account,
    dated.currency,
    dated.billing_month,
    dated.conversion_date,
    dated.fx_policy,
    case
        when dated.fx_policy = 'contract' then dated.contract_rate
        when dated.fx_policy = 'month_average' then month_rates.usd_per_unit
        when dated.conversion_date - dated.day_rate_date <= 7 then dated.day_rate
    end as fx_rate,
    case
        when dated.fx_policy = 'contract' then dated.valid_from
        when dated.fx_policy = 'month_average' then month_rates.last_rate_date
        when dated.conversion_date - dated.day_rate_date <= 7 then dated.day_rate_date
    end as fx_rate_date,
    case
        when dated.fx_policy = 'contract' then null
        when known.currency is null then 'no_rate_for_currency'
        when dated.fx_policy = 'month_average' and month_rates.currency is null then 'no_rate_in_month'
        when dated.fx_policy = 'invoice_date' and dated.day_rate_date is null then 'no_rate_on_or_before_date'
        when dated.fx_policy = 'invoice_date' and dated.conversion_date - dated.day_rate_date > 7
            then 'latest_rate_older_than_7_days'
    end as currency_reason
from dated
left join month_rates
    on dated.currency = month_rates.currency
    and dated.billing_month = month_rates.rate_month
left join known on dated.currency = known.currency
