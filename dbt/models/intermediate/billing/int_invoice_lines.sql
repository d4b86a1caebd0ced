-- grain: one row per billed line that belongs to an invoice, each invoice from one document only
-- The invoice itself stands above a cost export that names the same invoice; of two exports, the one
-- of better precedence counts.
with lines as (select * from {{ ref('int_billed_lines') }} where invoice_id is not null),

documents as (select * from {{ ref('bill_documents') }}),

ranked as (

    select
        lines.*,
        dense_rank() over (
            partition by lines.channel, lines.account, lines.invoice_id
            order by lines.document_type = 'cost_report', documents.precedence, lines.source
        ) as document_rank
    from lines
    left join documents on lines.source = documents.source

)

select * exclude (document_rank) from ranked
where document_rank = 1
