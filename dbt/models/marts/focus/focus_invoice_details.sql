-- grain: one row per line of an invoice, in the columns of FOCUS 1.4 Invoice Detail
-- BilledCost sums to the payable amount per InvoiceId, as in focus_cost_and_usage.
with lines as (select * from {{ ref('int_billed_lines') }} where document_type = 'invoice'),

names as (select * from {{ ref('focus_names') }})

select
    cast(lines.billed_amount as decimal(38, 18)) as BilledCost,
    lines.channel || ':' || lines.account as BillingAccountId,
    lines.billed_currency as BillingCurrency,
    cast(lines.billing_month + interval 1 month as timestamp) as BillingPeriodEnd,
    cast(lines.billing_month as timestamp) as BillingPeriodStart,
    case
        when lines.charge_kind in ('usage', 'refund') then 'Usage'
        when lines.charge_kind in ('purchase', 'fee', 'commitment') then 'Purchase'
        when lines.charge_kind = 'tax' then 'Tax'
        when lines.charge_kind = 'credit' then 'Credit'
        else 'Adjustment'
    end as ChargeCategory,
    cast(lines.issued_on as timestamp) as InvoiceDetailCreated,
    lines.description as InvoiceDetailDescription,
    case
        when lines.model_key is not null
            then cast(json_object('x_ModelId', lines.model_key, 'x_Meter', lines.meter) as varchar)
    end as InvoiceDetailGrain,
    lines.billed_line_id as InvoiceDetailId,
    cast(lines.issued_on as timestamp) as InvoiceDetailLastUpdated,
    lines.invoice_id as InvoiceId,
    cast(lines.issued_on as timestamp) as InvoiceIssueDate,
    if(lines.issued_on is null, 'Open', 'Issued') as InvoiceIssueStatus,
    coalesce(names.service_provider_name, lines.channel) as InvoiceIssuerName,
    cast(null as varchar) as PaymentCurrency,
    cast(null as decimal(38, 18)) as PaymentCurrencyBilledCost,
    cast(null as varchar) as PaymentCurrencyInvoiceDetailId,
    cast(null as timestamp) as PaymentDueDate,
    cast(null as varchar) as PaymentTerms,
    cast(null as varchar) as PurchaseOrderNumber,
    cast(null as varchar) as ReferenceInvoiceId,
    lines.charge_kind as x_ChargeKind,
    lines.document_path as x_DocumentPath,
    lines.channel as x_Channel,
    lines.account as x_Account
from lines
left join names on lines.channel = names.code
