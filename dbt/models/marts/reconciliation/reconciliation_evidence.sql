-- grain: one row per reconciliation line that differs and document row, usage row, call or price behind it
-- Calls are listed where they are the proof themselves; a count against the log is proved by its totals.
with lines as (

    select reconciliation_lines.*, int_residuals.pair_id, int_residuals.billed_line_ids
    from {{ ref('reconciliation_lines') }}
    inner join {{ ref('int_residuals') }}
        on reconciliation_lines.reconciliation_line_id
        = {{ reconciliation_line_id('int_residuals.') }}
    where reconciliation_lines.residual_usd <> 0 and reconciliation_lines.residual_code <> 'not_billed'

),

bills as (select * from {{ ref('int_billed_lines') }}),

files as (select * from {{ ref('stg_control__loaded_files') }}),

usage_rows as (

    select *, coalesce(model_key, model_served, 'unknown') as model
    from {{ ref('int_usage_priced') }}
    where grain = 'bucket' and pricing_pass = 'booked'

),

duplicates as (

    select calls.*, coalesce(calls.model_key, calls.model_served, 'unknown') as model
    from {{ ref('fct_llm_calls') }} as calls
    semi join {{ ref('int_duplicate_calls') }} as repeated on calls.usage_row_id = repeated.usage_row_id

),

price_lines as (select price_set_id, meter, any_value(rate_id) as rate_id from {{ ref('int_price_lines') }} group by all),

cards as (select * from {{ ref('rate_card') }}),

evidence as (

    select
        listed.reconciliation_line_id,
        'billed_line' as evidence_kind,
        bills.billed_line_id as evidence_id,
        bills.document_path,
        bills.row_number,
        bills.quantity,
        bills.billed_usd as amount_usd
    from (select reconciliation_line_id, unnest(billed_line_ids) as billed_line_id from lines) as listed
    inner join bills on listed.billed_line_id = bills.billed_line_id

    union all by name

    select
        lines.reconciliation_line_id,
        'provider_usage_row' as evidence_kind,
        concat_ws(':', usage_rows.source, usage_rows.account_label, usage_rows.file_id, usage_rows.row_number)
            as evidence_id,
        files.document_path,
        usage_rows.row_number,
        cast(null as decimal(38, 18)) as quantity,
        usage_rows.cost_usd as amount_usd
    from lines
    inner join usage_rows
        on lines.channel = usage_rows.channel
        and lines.account = usage_rows.account
        and lines.usage_date = usage_rows.usage_date
        and (lines.model_key is null or lines.model_key = usage_rows.model)
        and (lines.api_key_id is null or lines.api_key_id = usage_rows.api_key_id)
        and (lines.processing is null or lines.processing = usage_rows.processing)
    left join files
        on usage_rows.source = files.source
        and usage_rows.account_label = files.account_label
        and usage_rows.file_id = files.file_id
    where lines.family in ('coverage', 'log', 'billing', 'timing')

    union all by name

    select
        lines.reconciliation_line_id,
        'call' as evidence_kind,
        duplicates.usage_row_id as evidence_id,
        cast(null as varchar) as document_path,
        cast(null as bigint) as row_number,
        cast(null as decimal(38, 18)) as quantity,
        duplicates.cost_usd as amount_usd
    from lines
    inner join duplicates
        on lines.channel = duplicates.channel
        and lines.account = duplicates.account
        and coalesce(lines.usage_date = duplicates.usage_date, lines.month = date_trunc('month', duplicates.usage_date))
        and (lines.model_key is null or lines.model_key = duplicates.model)
        and (lines.api_key_id is null or lines.api_key_id = duplicates.api_key_id)
        and (lines.processing is null or lines.processing = duplicates.processing)
    where lines.residual_code = 'duplicate_calls'

    union all by name

    -- the price that should have been taken, and the document it was read in
    select distinct
        lines.reconciliation_line_id,
        'price' as evidence_kind,
        price_lines.rate_id as evidence_id,
        cards.source as document_path,
        cast(null as bigint) as row_number,
        cast(null as decimal(38, 18)) as quantity,
        cast(null as decimal(38, 18)) as amount_usd
    from lines
    inner join {{ ref('int_usage_keys') }} as used
        on lines.pair_id = used.pair_id and used.side = 'computed'
    inner join price_lines on used.price_set_id = price_lines.price_set_id and used.meter = price_lines.meter
    left join cards on price_lines.rate_id = cards.rate_id
    where lines.family = 'rate'

)

select
    reconciliation_line_id,
    cast(row_number() over (
        partition by reconciliation_line_id order by evidence_kind, document_path, row_number, evidence_id
    ) as bigint) as evidence_no,
    evidence_kind,
    evidence_id,
    document_path,
    cast(row_number as bigint) as row_number,
    cast(quantity as decimal(38, 18)) as quantity,
    cast(amount_usd as decimal(38, 18)) as amount_usd
from evidence
