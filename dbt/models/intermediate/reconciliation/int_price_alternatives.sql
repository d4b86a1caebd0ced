{{ config(materialized='table') }}
-- grain: one row per open pair, used line and other price of the card that differs in one thing: processing,
-- tier, geography, context band, period, cache state or lifetime, or the list price beside a contract
-- delta_usd is what the bill would differ by, had it taken that price for this line.
with open_pairs as (

    select * from {{ ref('int_pair_balances') }} where is_open and abs(target_usd) > rounding_allowance_usd

),

used as (

    select keys.*
    from {{ ref('int_usage_keys') }} as keys
    inner join open_pairs on keys.pair_id = open_pairs.pair_id
    where keys.side in ('computed', 'shift', 'gap') and keys.price_set_id is not null and keys.unit_price_usd is not null

),

-- where the bill counts more or less than is used, the difference stands at the pair's one price
counted as (

    select
        pair_id, usage_date, price_set_id, meter, list_unit_price_usd, unit_price_usd, quantity,
        if(side = 'gap' and residual_code = 'unlogged', quantity, 0) as unlogged_quantity
    from used
    union all by name
    select
        used.pair_id, used.usage_date, used.price_set_id, used.meter, used.list_unit_price_usd, used.unit_price_usd,
        cast(open_pairs.priced_quantity - open_pairs.used_quantity as decimal(38, 6)) as quantity,
        cast(
            if(open_pairs.has_control, 0, greatest(open_pairs.priced_quantity - open_pairs.used_quantity, 0)) as decimal(38, 6)
        ) as unlogged_quantity
    from used
    inner join open_pairs
        on used.pair_id = open_pairs.pair_id
        and open_pairs.unit_price_usd is not null
        and open_pairs.priced_quantity <> open_pairs.used_quantity
    qualify row_number() over (partition by used.pair_id order by used.usage_date, used.price_set_id) = 1

),

lines as (

    select
        pair_id,
        usage_date,
        price_set_id,
        meter,
        list_unit_price_usd,
        unit_price_usd,
        sum(quantity) as quantity,
        sum(coalesce(unlogged_quantity, 0)) as unlogged_quantity
    from counted
    group by all

),

price_lines as (select * from {{ ref('int_price_lines') }}),

own_sets as (

    select distinct price_lines.* exclude (meter, rate_id, contract_id, rate_status, priced_per, list_unit_price_usd,
        unit_price_usd, provider)
    from price_lines
    semi join lines on price_lines.price_set_id = lines.price_set_id

),

{% set dimensions = ['processing', 'service_tier', 'geo', 'ctx_min_tokens', 'schedule'] -%}
others as (

    select
        lines.*,
        case
            when price_lines.meter <> lines.meter then 'rate_cache'
            when price_lines.processing <> own_sets.processing then 'rate_batch'
            when price_lines.service_tier <> own_sets.service_tier then 'rate_tier'
            when price_lines.geo <> own_sets.geo then 'rate_region'
            when price_lines.ctx_min_tokens <> own_sets.ctx_min_tokens then 'rate_context'
            else 'rate_date'
        end as residual_code,
        case
            when price_lines.meter <> lines.meter then 'the price of ' || price_lines.meter
            when price_lines.processing <> own_sets.processing then 'the ' || price_lines.processing || ' price'
            when price_lines.service_tier <> own_sets.service_tier
                then 'the price of tier ' || price_lines.service_tier
            when price_lines.geo <> own_sets.geo then 'the price of geography ' || price_lines.geo
            when price_lines.ctx_min_tokens <> own_sets.ctx_min_tokens
                then 'the price of the context band from ' || price_lines.ctx_min_tokens || ' tokens'
            when price_lines.schedule <> own_sets.schedule then 'the price of schedule ' || price_lines.schedule
            when price_lines.valid_from_at > own_sets.valid_from_at then 'the next price'
            else 'the previous price'
        end as price_name,
        price_lines.unit_price_usd as other_price_usd,
        price_lines.price_set_id as other_price_set_id,
        price_lines.valid_from_at as other_from_at
    from lines
    inner join own_sets on lines.price_set_id = own_sets.price_set_id
    inner join price_lines
        on own_sets.rate_card_version = price_lines.rate_card_version
        and own_sets.price_book = price_lines.price_book
        and own_sets.channel = price_lines.channel
        and own_sets.model_key = price_lines.model_key
    where price_lines.unit_price_usd <> lines.unit_price_usd
        and {% for column in dimensions %}if(price_lines.{{ column }} <> own_sets.{{ column }}, 1, 0) + {% endfor %}
        if(price_lines.meter <> lines.meter, 1, 0)
        + if(
            price_lines.valid_from_at < lines.usage_date + interval 1 day
            and coalesce(price_lines.valid_to_at > lines.usage_date, true),
            0, 1
        ) = 1
        and (
            price_lines.meter = lines.meter
            or (
                starts_with(lines.meter, 'input_') and starts_with(price_lines.meter, 'input_')
                and ends_with(lines.meter, '_tokens') and ends_with(price_lines.meter, '_tokens')
                and (contains(lines.meter, 'cache') or contains(price_lines.meter, 'cache'))
            )
        )

    union all by name

    select
        *,
        'rate_contract' as residual_code,
        'the list price' as price_name,
        list_unit_price_usd as other_price_usd,
        price_set_id as other_price_set_id,
        timestamp '1970-01-01' as other_from_at
    from lines
    where list_unit_price_usd <> unit_price_usd

)

select
    *,
    cast(cast(quantity as decimal(38, 6)) * (other_price_usd - unit_price_usd) as decimal(38, 18)) as delta_usd,
    -- of usage that no log holds nobody knows the prompt length
    case
        when residual_code = 'rate_context'
            then cast(cast(unlogged_quantity as decimal(38, 6)) * (other_price_usd - unit_price_usd) as decimal(38, 18))
    end as unlogged_delta_usd
from others
-- of several periods the nearest one on either side
qualify row_number() over (
    partition by pair_id, usage_date, price_set_id, meter, residual_code, price_name
    order by if(price_name = 'the next price', epoch(other_from_at), -epoch(other_from_at)), other_price_set_id
) = 1
