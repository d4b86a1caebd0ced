-- grain: one row per reconciliation line that somebody may have to act on
-- Matched lines and rounding are done, and a day that is not billed yet waits for its bill.
-- open_rank 1 is the largest amount of all, whatever its sign.
with lines as (

    select *
    from {{ ref('reconciliation_lines') }}
    where residual_code not in ('matched', 'rounding', 'not_billed')

),

codes as (select * from {{ ref('report_reconciliation_codes') }})

select
    cast(row_number() over (order by abs(lines.residual_usd) desc, lines.reconciliation_line_id) as bigint)
        as open_rank,
    lines.reconciliation_line_id,
    lines.channel,
    lines.account,
    lines.month,
    lines.usage_date,
    lines.bill,
    lines.api_key_id,
    lines.model_key,
    lines.meter,
    lines.processing,
    lines.residual_code,
    lines.currency,
    lines.residual_usd,
    lines.computed_quantity,
    lines.provider_usage_quantity,
    lines.billed_quantity,
    lines.computed_cost_usd,
    lines.billed_usd,
    lines.card_unit_price_usd,
    lines.is_explained,
    lines.is_proved,
    lines.is_lower_bound,
    codes.is_over_tolerance,
    lines.meaning,
    lines.action
from lines
inner join codes
    on lines.channel = codes.channel
    and lines.account = codes.account
    and lines.month = codes.month
    and lines.currency = codes.currency
    and lines.residual_code = codes.residual_code
