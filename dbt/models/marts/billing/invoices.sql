-- grain: one row per channel, account and invoice
-- payable_amount is the sum of the lines, expired prepaid apart (it was paid when it was bought).
{% set kinds = [
    'usage', 'adjustment', 'fee', 'commitment', 'purchase', 'drawdown', 'expiry', 'credit', 'refund', 'tax'
] -%}
with lines as (select * from {{ ref('int_invoice_lines') }})

select
    channel,
    account,
    invoice_id,
    bool_and(is_issuer_invoice_id) as is_issuer_invoice_id,
    any_value(source) as source,
    any_value(document_type) as document_type,
    max(issued_on) as issued_on,
    min(period_start) as period_start,
    max(period_end) as period_end,
    min(invoice_month) as billing_month,
    billed_currency as currency,
    {%- for kind in kinds %}
    coalesce(sum(billed_amount) filter (charge_kind = '{{ kind }}'), {{ zero_money() }}) as {{ kind }}_amount,
    {%- endfor %}
    coalesce(sum(billed_amount) filter (charge_kind <> 'expiry'), {{ zero_money() }}) as payable_amount,
    case
        when count(*) filter (billed_usd is null) = 0
            then coalesce(sum(billed_usd) filter (charge_kind <> 'expiry'), {{ zero_money() }})
    end as payable_usd,
    count(*) as lines,
    min(stated_total_amount) as stated_total_amount,
    coalesce(sum(billed_amount) filter (charge_kind <> 'expiry'), {{ zero_money() }}) - min(stated_total_amount)
        as stated_difference_amount,
    case when count(distinct fx_rate) = 1 then min(fx_rate) end as fx_rate,
    max(fx_rate_date) as fx_rate_date,
    max(fx_policy) as fx_policy,
    max(currency_reason) as currency_reason,
    min(document_path) as document_path
from lines
group by channel, account, invoice_id, billed_currency
