-- grain: one row per billed line of a cost report or invoice, as billed
-- Not every row is to be summed: is_bill_of_record is false on a second report of the same day, and
-- an invoice repeats what the cost report shows by day.
select * exclude (file_id, row_number, invoice_month, is_issuer_invoice_id, stated_total_amount)
from {{ ref('int_billed_lines') }}
