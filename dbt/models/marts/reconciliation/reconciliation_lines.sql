-- grain: one row per compared pair and residual code
-- computed_cost_usd, billed_usd and the quantities stand on the first line of a pair and are 0 on the
-- others, so every column may be summed: the sum of residual_usd is billed minus computed, exactly.
with residuals as (select * from {{ ref('int_residuals') }}),

codes as (select * from {{ ref('residual_codes') }}),

moves as (

    select
        pair_id,
        min(other_pair_id) as other_pair_id
    from {{ ref('int_moved_parts') }}
    group by pair_id

),

dated as (

    select pair_id, coalesce(usage_date, billing_month) as on_date from {{ ref('int_reconciliation_pairs') }}

),

shifts as (select * from {{ ref('int_time_shifts') }}),

numbered as (

    select
        residuals.*,
        codes.family,
        codes.is_explained,
        codes.is_proved,
        codes.is_usage,
        codes.meaning,
        codes.action,
        dated.on_date as moved_to,
        shifts.offset_minutes,
        row_number() over (partition by residuals.pair_id order by codes.sort_order) as line_no
    from residuals
    inner join codes on residuals.residual_code = codes.residual_code
    left join moves on residuals.pair_id = moves.pair_id
    left join dated on moves.other_pair_id = dated.pair_id
    left join shifts
        on residuals.channel = shifts.channel
        and residuals.account = shifts.account
        and residuals.billing_month = shifts.month

),

-- the words of a line that its numbers are put into
worded as (

    select
        *,
        {{ plain_number('abs(residual_usd)') }} || ' USD' as size_words,
        coalesce(
            model_key || coalesce(' ' || meter, ''), meter, upper(charge_kind[1]) || charge_kind[2:]
        ) || ' '
        || coalesce('(' || processing || ') ', '') || 'of '
        || channel || '/' || account || ' on ' || coalesce(cast(usage_date as varchar), 'the invoice of ' || strftime(billing_month, '%Y-%m'))
            as line_words,
        coalesce({{ plain_number('abs(residual_quantity)') }} || ' units', 'usage') as quantity_words,
        coalesce({{ plain_number('unit_price_usd') }} || ' USD', 'the card') as price_words
    from numbered

)

select
    {{ reconciliation_line_id() }} as reconciliation_line_id,
    channel,
    account,
    billing_month as month,
    usage_date,
    bill,
    charge_kind,
    api_key_id,
    model_key,
    meter,
    processing,
    line_no,
    residual_code,
    family,
    'USD' as currency,
    if(line_no = 1, coalesce(cast(computed_quantity as decimal(38, 0)), 0), 0) as computed_quantity,
    if(line_no = 1, coalesce(cast(usage_quantity as decimal(38, 0)), 0), 0) as provider_usage_quantity,
    cast(if(line_no = 1, billed_quantity, 0) as decimal(38, 18)) as billed_quantity,
    if(line_no = 1, computed_cost_usd, {{ zero_money() }}) as computed_cost_usd,
    if(line_no = 1, billed_usd, {{ zero_money() }}) as billed_usd,
    residual_usd,
    residual_quantity,
    unit_price_usd as card_unit_price_usd,
    case
        when family = 'rate' and residual_code <> 'unit_slip'
            then coalesce(
                other_price_usd,
                case when priced_quantity > 0 then {{ unit_price_of('billed_usd', 'priced_quantity') }} end
            )
    end as implied_unit_price_usd,
    is_explained,
    is_proved,
    is_usage,
    has_unpriced_usage as is_lower_bound,
    len(coalesce(billed_line_ids, [])) as evidence_rows,
    case
        when residual_code = 'matched' then null
        when residual_code = 'time_zone'
            then line_words || ': ' || size_words || ' stand on another day, because one side counts its days '
                || offset_minutes || ' minutes from UTC.'
        when family = 'timing'
            then line_words || ': ' || size_words || ' stand on ' || coalesce(cast(moved_to as varchar), 'a neighbouring day')
                || ' on the other side.'
        when family = 'rate'
            then line_words || ': billed ' || {{ plain_number('billed_usd') }} || ' USD, at '
                || coalesce(price_name, 'a price that the card does not hold') || ' instead of ' || price_words
                || ' each; ' || size_words || if(residual_usd > 0, ' too much.', ' too little.')
        when residual_code in ('unlogged', 'over_logged', 'duplicate_calls', 'tool_fee') or family = 'log'
            then line_words || ': ' || quantity_words || ' ('
                || size_words || ') ' || if(residual_usd > 0, 'more than the log holds.', 'less than the log holds.')
        when residual_code in ('used_not_billed', 'tier_not_reported')
            then line_words || ': ' || quantity_words || ' (' || size_words || ') used and not billed.'
        when residual_code = 'billed_not_used'
            then line_words || ': ' || quantity_words || ' (' || size_words || ') billed that the usage report does not show.'
        when residual_code = 'duplicate_charge' then line_words || ': ' || size_words || ' billed by a line that stands twice.'
        when residual_code = 'free_tokens'
            then line_words || ': ' || quantity_words || ' billed at nothing; at the card they cost ' || size_words || '.'
        when residual_code = 'not_billed' then line_words || ': ' || size_words || ' wait for their bill.'
        else line_words || ': ' || size_words || if(residual_usd > 0, ' billed beyond', ' billed below')
            || ' what is computed. ' || meaning
    end as finding,
    meaning,
    action
from worded
