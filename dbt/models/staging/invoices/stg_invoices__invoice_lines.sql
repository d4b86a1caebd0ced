-- grain: one row per line of the latest landed version of each invoice
with lines as (select * from {{ source('raw_invoices', 'invoice_lines') }}),

files as (select * from {{ source('raw_control', 'landed_files') }} where status = 'loaded'),

with_arrival as (

    -- an invoice that names no account is of the account whose folder it lies in
    select
        lines.* replace (coalesce(lines.account, lines._account) as account),
        files.arrival_no
    from lines
    inner join files
        on lines._file_id = files.file_id and lines._source = files.source and lines._account = files.account

),

latest as (

    select *
    from with_arrival
    qualify arrival_no = max(arrival_no) over (partition by channel, account, invoice_id)
        -- the same bytes in two folders, without an account of their own, are one invoice
        and arrival_no = max(arrival_no) over (partition by channel, invoice_id, _file_id)

)

select
    ---------- lineage
    _source as source,
    _file_id as file_id,
    _row_number as row_number,
    _account as account_label,

    ---------- ids
    invoice_id,
    channel as raw_channel,
    account,
    description,
    model as raw_model,
    meter as raw_meter,
    kind as charge_kind,
    processing as raw_processing,
    service_tier as raw_service_tier,
    geo as raw_geo,

    ---------- numerics
    {{ as_money('quantity') }} as raw_quantity,
    {{ as_money('unit_price') }} as stated_unit_price,
    {{ as_money('amount') }} as billed_amount,
    upper(currency) as billed_currency,
    {{ as_money('total_amount') }} as stated_total_amount,

    ---------- dates: period_end is the last day, inclusive
    period_start,
    period_end,
    issued_on
from latest
