-- grain: one row per channel, account, month and step from computed cost to what is to be paid
-- computed, then each residual code with an amount, then billed; payable where an invoice stands. A month
-- that no bill reaches has its first step and what waits for the bill.
with lines as (select * from {{ ref('reconciliation_lines') }}),

codes as (select * from {{ ref('residual_codes') }}),

months as (select * from {{ ref('reconciliation_months') }}),

steps as (

    select
        channel, account, month, 0 as sort_order, 'computed' as step, computed_cost_usd as amount_usd, true as is_total,
        'Tokens and other units times contracted prices.' as meaning
    from months

    union all by name

    select
        lines.channel,
        lines.account,
        lines.month,
        codes.sort_order,
        lines.residual_code as step,
        sum(lines.residual_usd) as amount_usd,
        false as is_total,
        codes.meaning
    from lines
    inner join codes on lines.residual_code = codes.residual_code
    where lines.residual_usd <> 0
    group by lines.channel, lines.account, lines.month, codes.sort_order, lines.residual_code, codes.meaning

    union all by name

    select
        channel, account, month, 1000 as sort_order, 'billed' as step, billed_usd as amount_usd, true as is_total,
        'All lines of the bill.' as meaning
    from months
    where billed_usd is not null

    union all by name

    select
        channel, account, month, 1001 as sort_order, 'payable' as step, payable_usd as amount_usd, true as is_total,
        'All lines of the invoices, tax and credits included.' as meaning
    from months
    where payable_usd is not null

)

select
    channel,
    account,
    month,
    cast(row_number() over (partition by channel, account, month order by sort_order, step) as bigint) as step_no,
    step,
    cast(amount_usd as decimal(38, 18)) as amount_usd,
    is_total,
    meaning
from steps
