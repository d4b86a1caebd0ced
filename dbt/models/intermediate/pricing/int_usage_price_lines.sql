{{ config(tags=['command']) }}
-- grain: one row per usage row and meter of pass `booked`, with the price that was used; a row
-- without a meter above zero has none
with rows_priced as (select * from {{ ref('int_usage_priced') }} where pricing_pass = 'booked'),

{{ meter_lines('rows_priced', [
    'source', 'account_label', 'file_id', 'row_number', 'part_number', 'price_set_id', 'cost_basis', 'unpriced_reason'
]) }}

select * from meter_lines
