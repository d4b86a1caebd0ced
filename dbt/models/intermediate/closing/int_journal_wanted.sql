{{ config(materialized='table') }}
-- grain: one row per entry, ledger account, cost center and kind of line: the journal as it would be
-- posted now, were nothing closed; debit is positive. Whole cents, and each entry sums to zero.
with costs as (

    select
        channel,
        account,
        month,
        cost_center,
        min(expense_account) as expense_account,
        {{ units_of('sum(trued_up_cost_usd)') }} // 1000000000 as weight
    from {{ ref('int_cost_center_costs') }}
    group by channel, account, month, cost_center

),

owed as (select * from {{ ref('accruals') }}),

roles as (

    select role, default_account
    from (
        values
        ('expense', 'LLM usage expense'),
        ('tax', 'Input tax'),
        ('credits', 'Vendor credits'),
        ('accounts_payable', 'Accounts payable'),
        ('accrued_liabilities', 'Accrued liabilities'),
        ('prepaid', 'Prepaid LLM credits'),
        ('prepaid_expired', 'Expired LLM credits')
    ) as listed(role, default_account)

),

gl_accounts as (select * from {{ ref('stg_reference__gl_accounts') }}),

invoice_lines as (

    select
        channel,
        account,
        invoice_id,
        billing_month as month,
        case charge_kind
            when 'tax' then 'tax'
            when 'credit' then 'credits'
            when 'refund' then 'credits'
            when 'purchase' then 'prepaid'
            when 'drawdown' then 'prepaid'
            when 'expiry' then 'prepaid_expired'
            else 'expense'
        end as role,
        case
            when charge_kind = 'tax' then 'tax'
            when charge_kind in ('credit', 'refund') then 'credit'
            when charge_kind in ('purchase', 'drawdown', 'expiry') then 'prepaid'
            else 'invoice'
        end as entry_kind,
        case
            when charge_kind in ('tax', 'credit', 'refund', 'purchase', 'drawdown', 'expiry') then charge_kind
            else 'usage and fees'
        end as what,
        sum(billed_usd) as amount_usd,
        bool_and(billed_usd is not null) as is_known
    from {{ ref('int_invoice_lines') }}
    where is_issuer_invoice_id
    group by all

),

-- an invoice without its rate of exchange waits: nothing of it is posted by a guess
invoices as (

    select
        *,
        concat_ws(':', 'invoice', channel, account, invoice_id, strftime(month, '%Y-%m')) as entry_id
    from invoice_lines
    qualify bool_and(is_known) over (partition by channel, account, invoice_id, month)

),

-- the expense of an invoice by the trued-up shares of the cost centers in its month
shares as (

    select
        invoices.*,
        coalesce(costs.cost_center, 'unattributed') as cost_center,
        costs.expense_account,
        costs.weight,
        {{ units_of('invoices.amount_usd') }} as amount_units,
        sum(costs.weight) over (partition by invoices.entry_id) as whole_weight
    from invoices
    left join costs
        on invoices.channel = costs.channel
        and invoices.account = costs.account
        and invoices.month = costs.month
    where invoices.role = 'expense'

),

-- without cost to go by nothing says who bears it
weighted as (

    select
        * exclude (weight, cost_center, expense_account),
        if(whole_weight > 0, weight, 1) as weight,
        if(whole_weight > 0, cost_center, 'unattributed') as cost_center,
        if(whole_weight > 0, expense_account, null) as expense_account,
        if(whole_weight > 0, whole_weight, 1) as per_weight
    from shares
    qualify whole_weight > 0 or row_number() over (partition by entry_id) = 1

),

scaled as (

    select
        *,
        amount_units // per_weight * weight + (amount_units % per_weight) * weight // per_weight as units
    from weighted

),

parts as (

    select
        entry_id,
        channel,
        account,
        month,
        entry_kind,
        role,
        'accounts_payable' as against,
        expense_account,
        cost_center,
        'Invoice ' || invoice_id as title,
        what,
        -- what the division left goes to the first
        units + if(
            row_number() over (partition by entry_id order by cost_center) = 1,
            amount_units - sum(units) over (partition by entry_id), 0
        ) as units
    from scaled

    union all by name

    -- prepaid that is lost changes nothing of what is payable
    select
        entry_id,
        channel,
        account,
        month,
        entry_kind,
        role,
        if(role = 'prepaid_expired', 'prepaid', 'accounts_payable') as against,
        'Invoice ' || invoice_id as title,
        what,
        if(
            role = 'prepaid_expired', abs({{ units_of('amount_usd') }}), {{ units_of('amount_usd') }}
        ) as units
    from invoices
    where role <> 'expense'

    union all by name

    select
        concat_ws(':', 'accrual', channel, account, strftime(month, '%Y-%m')) as entry_id,
        channel,
        account,
        month,
        'accrual' as entry_kind,
        'expense' as role,
        'accrued_liabilities' as against,
        min(expense_account) as expense_account,
        cost_center,
        'Accrual of ' || strftime(month, '%Y-%m') as title,
        'usage without an invoice' as what,
        {{ units_of('sum(accrued_usd)') }} as units
    from owed
    group by channel, account, month, cost_center

),

keyed as (

    select *, entry_id || '|' || against as part_of, concat_ws('|', role, coalesce(cost_center, ''), what) as part_key
    from parts

),

{{ whole_cents('keyed', 'journal') }},

-- each line, and against them the sum of its side
sided as (

    select entry_id, channel, account, month, entry_kind, role, expense_account, cost_center, title, what, cents
    from journal_cents

    union all by name

    select
        entry_id,
        channel,
        account,
        month,
        case against
            when 'accounts_payable' then 'invoice' when 'accrued_liabilities' then 'accrual' else 'prepaid'
        end as entry_kind,
        against as role,
        title,
        case against
            when 'accounts_payable' then 'payable' when 'accrued_liabilities' then 'owed' else 'expiry'
        end as what,
        -sum(cents) as cents
    from journal_cents
    group by entry_id, channel, account, month, against, title

),

mirrored as (

    select * from sided
    union all by name
    select
        * replace (
            replace(entry_id, 'accrual:', 'accrual_reversal:') as entry_id,
            cast(month + interval 1 month as date) as month,
            'accrual_reversal' as entry_kind,
            'Reversal: ' || title as title,
            -cents as cents
        )
    from sided
    where entry_kind = 'accrual'

),

named as (

    select
        mirrored.*,
        coalesce(
            if(mirrored.role = 'expense', mirrored.expense_account, null),
            by_channel.ledger_account, by_role.ledger_account, roles.default_account
        ) as ledger_account
    from mirrored
    inner join roles on mirrored.role = roles.role
    left join gl_accounts as by_channel
        on mirrored.role = by_channel.role and mirrored.channel = by_channel.channel
    left join gl_accounts as by_role
        on mirrored.role = by_role.role and by_role.channel is null

)

select
    entry_id,
    channel,
    account,
    month,
    entry_kind,
    ledger_account,
    coalesce(cost_center, '') as cost_center,
    min(title || ': ' || what) as description,
    cast(cast(sum(cents) as decimal(20, 0)) * 0.01 as decimal(38, 18)) as amount_usd
from named
group by entry_id, channel, account, month, entry_kind, ledger_account, coalesce(cost_center, '')
having sum(cents) <> 0
