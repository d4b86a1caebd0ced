-- grain: one row per channel, account, month, currency and residual code
-- The steps from computed to billed: residual_usd over the codes of a month is its difference_usd.
-- moved_usd is the sum of sizes, so an overcharge does not hide behind a credit.
with lines as (select * from {{ ref('reconciliation_lines') }}),

codes as (select * from {{ ref('residual_codes') }}),

months as (select * from {{ ref('reconciliation_months') }}),

by_code as (

    select
        channel,
        account,
        month,
        currency,
        residual_code,
        count(*) as lines,
        sum(residual_usd) as residual_usd,
        sum(abs(residual_usd)) as moved_usd
    from lines
    group by channel, account, month, currency, residual_code

)

select
    by_code.channel,
    by_code.account,
    by_code.month,
    by_code.currency,
    by_code.residual_code,
    cast(codes.sort_order as bigint) as sort_order,
    by_code.lines,
    cast(by_code.residual_usd as decimal(38, 18)) as residual_usd,
    cast(by_code.moved_usd as decimal(38, 18)) as moved_usd,
    codes.is_explained,
    codes.is_proved,
    coalesce(list_contains(string_split(months.breached_codes, ', '), by_code.residual_code), false)
        as is_over_tolerance,
    codes.meaning,
    codes.action
from by_code
inner join codes on by_code.residual_code = codes.residual_code
inner join months
    on by_code.channel = months.channel
    and by_code.account = months.account
    and by_code.month = months.month
    and by_code.currency = months.currency
