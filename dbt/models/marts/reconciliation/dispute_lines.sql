-- grain: one row per reconciliation line to hold against the provider: billed too much, and proved by a
-- document: another price than card or contract, a line twice, usage that no report shows
with lines as (

    select *
    from {{ ref('reconciliation_lines') }}
    where residual_usd > 0
        and (family = 'rate' or residual_code in ('duplicate_charge', 'billed_not_used'))

),

evidence as (select * from {{ ref('reconciliation_evidence') }}),

documents as (

    select
        reconciliation_line_id,
        min(document_path) filter (where evidence_kind = 'billed_line') as document_path,
        arg_min(row_number, (document_path, row_number)) filter (where evidence_kind = 'billed_line') as document_row,
        string_agg(distinct document_path, '; ' order by document_path) filter (where evidence_kind = 'price')
            as price_documents,
        string_agg(distinct document_path, '; ' order by document_path)
            filter (where evidence_kind = 'provider_usage_row') as usage_documents
    from evidence
    group by reconciliation_line_id

),

contracts as (

    select
        evidence.reconciliation_line_id,
        string_agg(distinct prices.contract_id, ', ' order by prices.contract_id) as contract_ids
    from evidence
    inner join (select distinct rate_id, contract_id from {{ ref('int_price_lines') }} where contract_id is not null)
        as prices
        on evidence.evidence_kind = 'price' and evidence.evidence_id = prices.rate_id
    group by evidence.reconciliation_line_id

),

pairs as (

    select lines.reconciliation_line_id, residuals.billed_usd, residuals.billed_quantity, residuals.priced_quantity,
        residuals.net_used_quantity
    from lines
    inner join {{ ref('int_residuals') }} as residuals
        on lines.reconciliation_line_id = {{ reconciliation_line_id('residuals.') }}

)

select
    lines.channel,
    lines.account,
    lines.month,
    cast(row_number() over (
        partition by lines.channel, lines.account, lines.month
        order by lines.residual_usd desc, lines.reconciliation_line_id
    ) as bigint) as dispute_no,
    lines.reconciliation_line_id,
    lines.residual_code,
    lines.usage_date,
    lines.model_key,
    lines.meter,
    lines.processing,
    cast(pairs.billed_quantity as decimal(38, 6)) as billed_quantity,
    cast(
        case
            when lines.residual_code in ('duplicate_charge', 'billed_not_used') then pairs.net_used_quantity
            else pairs.priced_quantity
        end as decimal(38, 6)
    ) as expected_quantity,
    lines.implied_unit_price_usd as billed_unit_price_usd,
    lines.card_unit_price_usd as expected_unit_price_usd,
    cast(pairs.billed_usd as decimal(38, 18)) as billed_usd,
    cast(pairs.billed_usd - lines.residual_usd as decimal(38, 18)) as expected_usd,
    lines.residual_usd as disputed_usd,
    documents.document_path,
    documents.document_row,
    case
        when lines.residual_code = 'rate_contract' then coalesce('contract ' || contracts.contract_ids, 'the contract')
        when lines.family = 'rate'
            then coalesce('contract ' || contracts.contract_ids, documents.price_documents, 'the rate card')
        when lines.residual_code = 'duplicate_charge' then 'the bill itself'
        else coalesce(documents.usage_documents, 'the usage report of the day, which has no such row')
    end as deciding_document,
    lines.finding || ' ' || lines.action as claim
from lines
inner join pairs on lines.reconciliation_line_id = pairs.reconciliation_line_id
left join documents on lines.reconciliation_line_id = documents.reconciliation_line_id
left join contracts on lines.reconciliation_line_id = contracts.reconciliation_line_id
