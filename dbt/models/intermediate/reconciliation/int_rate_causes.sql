{{ config(materialized='table') }}
-- grain: one row per open pair whose difference another price of the card, or another unit, makes to the
-- last digit that the bill publishes
with open_pairs as (

    select * from {{ ref('int_pair_balances') }} where is_open and abs(target_usd) > rounding_allowance_usd

),

alternatives as (select * from {{ ref('int_price_alternatives') }}),

-- one other price taken for every line that has it
totals as (

    select
        pair_id,
        residual_code,
        price_name,
        case when count(distinct other_price_usd) = 1 then min(other_price_usd) end as other_price_usd,
        sum(delta_usd) as delta_usd
    from alternatives
    group by pair_id, residual_code, price_name

),

slips as (

    select unnest([2, 3, 6, 9]) as places

),

-- a factor of a power of ten on the whole amount, either way
slipped as (

    select
        open_pairs.pair_id,
        'unit_slip' as residual_code,
        '10^' || slips.places || ' times the amount' as price_name,
        cast(null as decimal(28, 18)) as other_price_usd,
        open_pairs.target_usd as delta_usd
    from open_pairs
    cross join slips
    where open_pairs.net_used_usd + open_pairs.count_usd <> 0
        and abs(open_pairs.net_used_usd + open_pairs.count_usd) < 10000000000
        and abs(
            cast(open_pairs.net_used_usd + open_pairs.count_usd as decimal(28, 18))
            * cast(power(10, slips.places) as decimal(10, 0))
            - (open_pairs.net_used_usd + open_pairs.count_usd + open_pairs.target_usd)
        ) <= open_pairs.rounding_allowance_usd

    union all by name

    select
        open_pairs.pair_id,
        'unit_slip' as residual_code,
        '10^-' || slips.places || ' times the amount' as price_name,
        cast(null as decimal(28, 18)) as other_price_usd,
        open_pairs.target_usd as delta_usd
    from open_pairs
    cross join slips
    where open_pairs.billed_usd <> 0
        and abs(open_pairs.billed_usd) < 10000000000
        -- a rounded bill of a thousandth says nothing of the unit
        and open_pairs.rounding_allowance_usd = 0
        and cast(open_pairs.net_used_usd + open_pairs.count_usd + open_pairs.target_usd as decimal(28, 18))
        * cast(power(10, slips.places) as decimal(10, 0))
        = open_pairs.net_used_usd + open_pairs.count_usd

),

candidates as (

    select totals.*
    from totals
    inner join open_pairs on totals.pair_id = open_pairs.pair_id
    where totals.delta_usd <> 0
        and abs(totals.delta_usd - open_pairs.target_usd) <= open_pairs.rounding_allowance_usd
    union all by name
    select * from slipped

),

codes as (select * from {{ ref('residual_codes') }}),

-- where several prices give the amount, the one that explains more of the account's month
voted as (

    select
        candidates.*,
        count(*) over (
            partition by open_pairs.channel, open_pairs.account, open_pairs.billing_month, candidates.residual_code,
            candidates.price_name
        ) as pairs_explained,
        codes.sort_order,
        open_pairs.rounding_allowance_usd,
        open_pairs.target_usd
    from candidates
    inner join open_pairs on candidates.pair_id = open_pairs.pair_id
    inner join codes on candidates.residual_code = codes.residual_code

)

select pair_id, residual_code, price_name, other_price_usd, delta_usd
from voted
-- of an amount near its rounding any price may be right once
where abs(target_usd) > rounding_allowance_usd * 10 or pairs_explained > 1
qualify row_number() over (
    partition by pair_id order by pairs_explained desc, sort_order, price_name
) = 1
