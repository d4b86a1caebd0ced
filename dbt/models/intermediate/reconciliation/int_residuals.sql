{{ config(materialized='table') }}
-- grain: one row per compared pair and residual code with an amount; a pair without any residual has
-- one row `matched`. The parts of a pair add up to billed minus computed, exactly.
with parts as (select * from {{ ref('int_pair_parts') }}),

moves as (select * from {{ ref('int_moved_parts') }}),

-- what stands between the ledger and what the provider says was used
coverage as (

    select pair_id, residual_code, sum(cost_usd) as residual_usd, sum(quantity) as residual_quantity
    from {{ ref('int_usage_keys') }}
    -- of a day that no bill reaches nothing is known but that it is not billed
    where side in ('shift', 'gap') and bill <> 'none'
    group by pair_id, residual_code

),

row_moves as (select pair_id, sum(amount_usd) as moved_usd from moves where part = 'row' group by pair_id),

amounts as (

    select pair_id, residual_code, residual_usd, residual_quantity from coverage
    union all by name
    select pair_id, 'free_tokens' as residual_code, free_usd as residual_usd, -free_quantity as residual_quantity
    from parts
    union all by name
    select pair_id, 'duplicate_charge' as residual_code, copy_usd as residual_usd, copied_quantity as residual_quantity
    from parts
    union all by name
    select pair_id, 'duplicate_calls' as residual_code, repeat_usd as residual_usd, -repeated_quantity as residual_quantity
    from parts
    union all by name
    select
        parts.pair_id,
        coalesce(moves.residual_code, parts.count_code) as residual_code,
        parts.count_usd as residual_usd,
        if(parts.has_bill_row, parts.count_quantity, -parts.used_quantity) as residual_quantity
    from parts
    left join moves on parts.pair_id = moves.pair_id and moves.part = 'count'
    union all by name
    select pair_id, cause_code as residual_code, cause_usd as residual_usd, priced_quantity as residual_quantity
    from parts
    where cause_code is not null
    union all by name
    select pair_id, 'rounding' as residual_code, rounding_usd as residual_usd from parts
    union all by name
    select pair_id, residual_code, amount_usd as residual_usd from moves where part = 'row'
    union all by name
    select
        parts.pair_id,
        coalesce(moves.residual_code, parts.rest_code) as residual_code,
        parts.rest_usd - coalesce(row_moves.moved_usd, 0) as residual_usd,
        if(moves.residual_code is null and parts.rest_code = 'rate', parts.priced_quantity, null) as residual_quantity
    from parts
    left join moves on parts.pair_id = moves.pair_id and moves.part = 'rest'
    left join row_moves on parts.pair_id = row_moves.pair_id
    union all by name
    select pair_id, 'not_billed' as residual_code, not_billed_usd as residual_usd from parts
    union all by name
    select pair_id, coalesce(outside_code, 'unexplained') as residual_code, outside_usd as residual_usd from parts

),

residuals as (

    select
        pair_id,
        residual_code,
        cast(sum(residual_usd) as decimal(38, 18)) as residual_usd,
        cast(sum(residual_quantity) filter (where residual_usd <> 0) as decimal(38, 6)) as residual_quantity
    from amounts
    group by pair_id, residual_code
    having sum(residual_usd) <> 0

)

select
    parts.*,
    coalesce(residuals.residual_code, 'matched') as residual_code,
    coalesce(residuals.residual_usd, {{ zero_money() }}) as residual_usd,
    residuals.residual_quantity
from parts
left join residuals on parts.pair_id = residuals.pair_id
