-- grain: one row per channel, account, month, cost center and basis: what is owed and not invoiced at the month's end
-- A closed month keeps the accrual it was closed with; an open one has what no bill covers now. Each
-- is taken back whole in the month after.
with costs as (select * from {{ ref('int_cost_center_costs') }}),

records as (select * from {{ ref('int_close_records') }}),

-- an invoice for usage covers its month whole; one that is not known in USD is as if it had not come
invoiced as (

    select distinct channel, account, billing_month as month
    from (
        select channel, account, billing_month, invoice_id
        from {{ ref('int_invoice_lines') }}
        where is_issuer_invoice_id
        group by channel, account, billing_month, invoice_id
        having
            bool_and(billed_usd is not null)
            and bool_or(charge_kind not in ('tax', 'credit', 'refund', 'purchase', 'drawdown', 'expiry'))
    )

),

now_owed as (

    select
        costs.channel,
        costs.account,
        costs.month,
        costs.cost_center,
        if(costs.is_accrued, 'not_billed', 'not_invoiced') as basis,
        min(costs.expense_account) as expense_account,
        sum(if(costs.is_accrued, costs.computed_cost_usd, costs.trued_up_cost_usd)) as accrued_usd,
        false as is_recorded
    from costs
    left join invoiced
        on costs.channel = invoiced.channel
        and costs.account = invoiced.account
        and costs.month = invoiced.month
    anti join records
        on costs.channel = records.channel
        and costs.account = records.account
        and costs.month = records.month
    where costs.is_accrued or invoiced.month is null
    group by all

),

recorded as (

    select
        channel,
        account,
        month,
        part.cost_center as cost_center,
        part.basis as basis,
        part.expense_account as expense_account,
        cast(part.accrued_usd as decimal(38, 18)) as accrued_usd,
        true as is_recorded
    from (
        select
            channel,
            account,
            month,
            unnest(from_json(
                accruals,
                '[{"cost_center": "VARCHAR", "basis": "VARCHAR", "expense_account": "VARCHAR", "accrued_usd": "VARCHAR"}]'
            )) as part
        from records
    )

),

owed as (

    select * from now_owed
    union all by name
    select * from recorded

)

select
    channel,
    account,
    month,
    cost_center,
    basis,
    cast(accrued_usd as decimal(38, 18)) as accrued_usd,
    cast(month + interval 1 month as date) as reversal_month,
    cast(-accrued_usd as decimal(38, 18)) as reversed_usd,
    expense_account,
    is_recorded
from owed
where accrued_usd <> 0
