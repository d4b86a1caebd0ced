-- grain: one row per reconciliation line that somebody may have to act on
-- Matched lines and rounding are done, tax and credits are no difference of usage, and a day that is not
-- billed yet waits for its bill.
-- open_rank 1 is the largest amount of all, whatever its sign. The pair_ columns are those of the
-- whole comparison that the line is part of: they show, and must not be summed.
{% set pair_columns = [
    'computed_quantity', 'provider_usage_quantity', 'billed_quantity', 'computed_cost_usd', 'billed_usd'
] %}
with lines as (select * from {{ ref('reconciliation_lines') }}),

compared as (

    select
        *,
        {%- for column in pair_columns %}
        first_value({{ column }}) over pair as pair_{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from lines
    window pair as (
        partition by channel, account, month, currency, usage_date, bill, api_key_id, model_key, meter, processing
        order by line_no
    )

),

open_lines as (

    select compared.*
    from compared
    inner join {{ ref('residual_codes') }} as kinds
        on compared.residual_code = kinds.residual_code
        and kinds.family <> 'match'
        and kinds.is_usage

),

codes as (select * from {{ ref('report_reconciliation_codes') }})

select
    cast(row_number() over (order by abs(open_lines.residual_usd) desc, open_lines.reconciliation_line_id) as bigint)
        as open_rank,
    open_lines.reconciliation_line_id,
    open_lines.channel,
    open_lines.account,
    open_lines.month,
    open_lines.usage_date,
    open_lines.bill,
    open_lines.api_key_id,
    open_lines.model_key,
    open_lines.meter,
    open_lines.processing,
    open_lines.residual_code,
    open_lines.currency,
    open_lines.residual_usd,
    open_lines.pair_computed_quantity,
    open_lines.pair_provider_usage_quantity,
    open_lines.pair_billed_quantity,
    open_lines.pair_computed_cost_usd,
    open_lines.pair_billed_usd,
    open_lines.card_unit_price_usd,
    open_lines.is_explained,
    open_lines.is_proved,
    open_lines.is_lower_bound,
    codes.is_over_tolerance,
    open_lines.meaning,
    open_lines.action
from open_lines
inner join codes
    on open_lines.channel = codes.channel
    and open_lines.account = codes.account
    and open_lines.month = codes.month
    and open_lines.currency = codes.currency
    and open_lines.residual_code = codes.residual_code
