{{ config(meta={'dagster': {'ref': {'name': 'journal_lines'}}}) }}
-- A returned row is an entry whose debits and credits differ, or whose amounts are no whole cents.
select entry_id, sum(debit_usd) as debit_usd, sum(credit_usd) as credit_usd
from {{ ref('journal_lines') }}
group by entry_id
having
    sum(debit_usd) <> sum(credit_usd)
    or bool_or(debit_usd <> round(debit_usd, 2) or credit_usd <> round(credit_usd, 2))
    or bool_or(debit_usd < 0 or credit_usd < 0 or (debit_usd > 0) = (credit_usd > 0))
