-- grain: one row per invoice, and one per channel, account and month whose charges have no invoice
-- Compares what the invoice charges beside tax, credits and prepaid amounts with the days of the cost
-- report it stands above, else with the ledger of its days. The tolerance of FOCUS 1.4 is a dollar
-- at least, so a small invoice passes it whatever it says: our own limit is 0.1 % and a cent.
with bills as (select * from {{ ref('int_focus_bills') }}),

charges as (select * from {{ ref('int_focus_charges') }}),

ledger as (select * from {{ ref('fct_charge_lines') }}),

residuals as (select * from {{ ref('reconciliation_lines') }} where bill <> 'none'),

lines as (

    select *, charge_kind not in ('tax', 'credit', 'purchase', 'drawdown', 'expiry') as is_charge
    from {{ ref('int_billed_lines') }}
    where document_type = 'invoice'

),

invoices as (

    select
        channel,
        account,
        invoice_id,
        billed_currency as currency,
        min(billing_month) as month,
        max(issued_on) as issued_on,
        min(period_start) filter (where is_charge) as first_day,
        max(period_end) filter (where is_charge) as last_day,
        count(*) as lines,
        sum(billed_amount) filter (where charge_kind <> 'expiry') as payable_amount,
        coalesce(sum(billed_amount) filter (where charge_kind = 'tax'), {{ zero_money() }}) as tax_amount,
        coalesce(sum(billed_amount) filter (where is_charge), {{ zero_money() }}) as charged_amount,
        case
            when count(*) filter (where is_charge and billed_usd is null) = 0
                then coalesce(sum(billed_usd) filter (where is_charge), {{ zero_money() }})
        end as charged_usd
    from lines
    group by channel, account, invoice_id, billed_currency

),

reports as (

    select channel, account, invoice_id, sum(billed_amount) as amount
    from bills
    where document_type = 'cost_report' and billing_status = 'invoiced'
        and charge_kind not in ('tax', 'credit', 'purchase', 'drawdown', 'expiry')
    group by channel, account, invoice_id

),

rows_of_reports as (

    select channel, account, invoice_id, count(*) as compared_rows
    from charges
    where row_kind not in ('balance', 'tax', 'credit', 'purchase', 'drawdown', 'expiry')
        and billing_status = 'invoiced'
    group by channel, account, invoice_id

),

-- invoices of one month without a cost report have one ledger, so they are compared together
against_ledger as (

    select
        invoices.channel,
        invoices.account,
        invoices.month,
        min(invoices.first_day) as first_day,
        max(invoices.last_day) as last_day,
        count(*) as invoices,
        case when count(invoices.charged_usd) = count(*) then sum(invoices.charged_usd) end as charged_usd
    from invoices
    anti join reports
        on invoices.channel = reports.channel
        and invoices.account = reports.account
        and invoices.invoice_id = reports.invoice_id
    where invoices.first_day is not null
    group by invoices.channel, invoices.account, invoices.month

),

ledgers as (

    select
        against_ledger.*,
        count(ledger.channel) as compared_rows,
        coalesce(sum(ledger.cost_usd), {{ zero_money() }}) as amount
    from against_ledger
    left join ledger
        on against_ledger.channel = ledger.channel
        and against_ledger.account = ledger.account
        and ledger.usage_date between against_ledger.first_day and against_ledger.last_day
    group by all

),

compared as (

    select
        invoices.* exclude (charged_usd),
        case
            when invoices.first_day is null then 'nothing'
            when reports.channel is not null then 'cost_report'
            else 'ledger'
        end as compared_with,
        coalesce(ledgers.invoices, 1) as invoices_compared,
        if(reports.channel is not null, rows_of_reports.compared_rows, coalesce(ledgers.compared_rows, 0))
            as compared_rows,
        if(reports.channel is not null, invoices.currency, 'USD') as compared_currency,
        if(reports.channel is not null, invoices.charged_amount, ledgers.charged_usd) as compared_charged_amount,
        if(reports.channel is not null, reports.amount, ledgers.amount) as compared_amount
    from invoices
    left join reports
        on invoices.channel = reports.channel
        and invoices.account = reports.account
        and invoices.invoice_id = reports.invoice_id
    left join rows_of_reports
        on invoices.channel = rows_of_reports.channel
        and invoices.account = rows_of_reports.account
        and invoices.invoice_id = rows_of_reports.invoice_id
    left join ledgers
        on invoices.channel = ledgers.channel
        and invoices.account = ledgers.account
        and invoices.month = ledgers.month
        and reports.channel is null
        and invoices.first_day is not null

),

-- the part of the month's difference that no cause explains, both directions counted
unexplained as (

    select
        channel,
        account,
        month,
        coalesce(sum(abs(residual_usd)) filter (where not is_explained), {{ zero_money() }}) as all_usd,
        coalesce(sum(abs(residual_usd)) filter (where not is_explained and bill = 'invoice'), {{ zero_money() }})
            as invoice_usd
    from residuals
    group by channel, account, month

),

data_ends as (

    select max(day) as last_day
    from (
        select max(usage_date) as day from ledger
        union all
        select max(period_end) as day from bills where document_type = 'cost_report'
        union all
        select max(issued_on) as day from lines
    ) as days

),

uninvoiced as (

    select
        channel,
        account,
        billing_month as month,
        billed_currency as currency,
        count(*) as compared_rows,
        min(period_start) as first_day,
        max(period_end) as last_day,
        sum(billed_cost) as compared_amount
    from charges
    where billing_status <> 'invoiced'
    group by channel, account, billing_month, billed_currency

),

verdicts as (

    select
        compared.*,
        cast(compared.compared_charged_amount - compared.compared_amount as decimal(38, 18)) as variance_amount,
        if(compared.compared_with = 'cost_report', unexplained.invoice_usd, unexplained.all_usd) as unexplained_usd,
        cast(greatest(
            case {{ minor_units('compared.compared_currency') }} when 1 then 1.000 when 1000 then 0.001 else 0.010 end,
            abs(compared.compared_charged_amount) * 0.001
        ) as decimal(38, 18)) as limit_amount
    from compared
    left join unexplained
        on compared.channel = unexplained.channel
        and compared.account = unexplained.account
        and compared.month = unexplained.month

)

select
    channel,
    account,
    month,
    invoice_id,
    currency,
    issued_on,
    first_day,
    last_day,
    lines,
    cast(payable_amount as decimal(38, 18)) as payable_amount,
    cast(tax_amount as decimal(38, 18)) as tax_amount,
    compared_with,
    cast(invoices_compared as bigint) as invoices_compared,
    cast(compared_rows as bigint) as compared_rows,
    compared_currency,
    cast(compared_charged_amount as decimal(38, 18)) as charged_amount,
    cast(compared_amount as decimal(38, 18)) as compared_amount,
    variance_amount,
    {{ ratio('variance_amount', 'compared_charged_amount') }} as variance_ratio,
    {{ invoice_tolerance('compared_rows', 'compared_currency') }} as focus_tolerance_amount,
    if(variance_amount is null, null, {{ within_invoice_tolerance('variance_amount', 'compared_rows', 'compared_currency') }})
        as is_within_focus_tolerance,
    limit_amount,
    abs(variance_amount) <= limit_amount as is_within_limit,
    cast(unexplained_usd as decimal(38, 18)) as unexplained_usd,
    case
        when issued_on is null then 'provisional'
        when compared_with = 'nothing' then 'pass'
        when compared_rows = 0 then 'missing_in_usage'
        when variance_amount is null then 'fail'
        when abs(variance_amount) <= limit_amount then 'pass'
        when unexplained_usd <= limit_amount then 'explained'
        else 'fail'
    end as outcome
from verdicts

union all by name

select
    uninvoiced.channel,
    uninvoiced.account,
    uninvoiced.month,
    uninvoiced.currency,
    uninvoiced.first_day,
    uninvoiced.last_day,
    cast(0 as bigint) as lines,
    'nothing' as compared_with,
    cast(0 as bigint) as invoices_compared,
    cast(uninvoiced.compared_rows as bigint) as compared_rows,
    uninvoiced.currency as compared_currency,
    cast(uninvoiced.compared_amount as decimal(38, 18)) as compared_amount,
    if(data_ends.last_day > last_day(uninvoiced.month), 'missing_invoice', 'provisional') as outcome
from uninvoiced
cross join data_ends
