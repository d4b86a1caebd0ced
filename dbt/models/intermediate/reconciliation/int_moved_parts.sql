{{ config(materialized='table') }}
-- grain: one row per pair, part and amount that stands with the opposite sign somewhere else: two days away at
-- most (or in the neighbouring month where the bill has no days), or under another meter, model, mode or key
-- part: count | rest takes that part as it is; row adds the amount to one day and takes it from the other,
-- where a usage row of the provider is exactly what one day is billed too much.
with parts as (select * from {{ ref('int_pair_parts') }} where bill <> 'none' and not is_outside and not is_excluded),

loose as (

    select pair_id, 'count' as part, count_usd as amount_usd, * exclude (pair_id)
    from parts
    where count_usd <> 0 and count_code not in ('tool_fee', 'unmapped', 'unknown_model')
    union all by name
    select pair_id, 'rest' as part, rest_usd as amount_usd, * exclude (pair_id)
    from parts
    where rest_usd <> 0 and rest_code = 'unexplained'

),

opposites as (

    select
        early.pair_id as early_id,
        early.part as early_part,
        late.pair_id as late_id,
        late.part as late_part,
        early.amount_usd as early_usd,
        late.amount_usd as late_usd,
        if(early.billing_month = late.billing_month, 'timing_day', 'timing_month') as residual_code,
        abs(early.amount_usd + late.amount_usd) as distance_usd,
        coalesce(late.usage_date - early.usage_date, 0) as days
    from loose as early
    inner join loose as late
        on early.channel = late.channel
        and early.account = late.account
        and early.bill = late.bill
        and early.model_key is not distinct from late.model_key
        and early.meter is not distinct from late.meter
        and early.api_key_id is not distinct from late.api_key_id
        and early.processing is not distinct from late.processing
        and sign(early.amount_usd) = -sign(late.amount_usd)
        and abs(early.amount_usd + late.amount_usd) <= early.rounding_allowance_usd + late.rounding_allowance_usd
        and coalesce(
            late.usage_date - early.usage_date between 1 and 2,
            early.usage_date is null and late.usage_date is null
            and late.billing_month = early.billing_month + interval 1 month
        )
    qualify row_number() over (
        partition by early.pair_id, early.part order by days, distance_usd, late.pair_id
    ) = 1
        and row_number() over (partition by late.pair_id, late.part order by days, distance_usd, early.pair_id) = 1

),

-- each amount moves once: of a chain of days only the first link is a move
moves as (

    select * from opposites
    anti join opposites as others
        on opposites.early_id = others.late_id and opposites.early_part = others.late_part

),

-- the same count too much under one name and missing under another, where no usage report says so itself
swaps as (

    select
        over.pair_id as over_id,
        missing.pair_id as missing_id,
        case
            when over.meter <> missing.meter then 'log_cache'
            when over.model_key <> missing.model_key then 'log_model'
            when over.processing is distinct from missing.processing then 'log_batch'
            else 'log_key'
        end as residual_code
    from loose as over
    inner join loose as missing
        on over.channel = missing.channel
        and over.account = missing.account
        and over.bill = missing.bill
        and over.billing_month = missing.billing_month
        and over.usage_date is not distinct from missing.usage_date
        and over.part = 'count'
        and missing.part = 'count'
        and over.count_quantity = -missing.count_quantity
        and over.count_quantity < 0
        and not over.has_control
        and (
            over.meter = missing.meter
            or (starts_with(over.meter, 'input_') and starts_with(missing.meter, 'input_') and over.is_token and missing.is_token)
        )
        and if(over.meter <> missing.meter, 1, 0) + if(over.model_key <> missing.model_key, 1, 0)
        + if(over.processing is distinct from missing.processing, 1, 0)
        + if(over.api_key_id is distinct from missing.api_key_id, 1, 0) = 1
    qualify row_number() over (partition by over.pair_id order by residual_code, missing.pair_id) = 1
        and row_number() over (partition by missing.pair_id order by residual_code, over.pair_id) = 1

),

-- the bill shows an amount without a count where the log has nothing: it is the surplus of the other meter
-- or mode, at the price that the card has for it
priced_swaps as (

    select distinct over.pair_id as over_id, missing.pair_id as missing_id,
        if(over.meter <> missing.meter, 'log_cache', 'log_batch') as residual_code
    from loose as over
    inner join loose as missing
        on over.channel = missing.channel
        and over.account = missing.account
        and over.bill = missing.bill
        and over.billing_month = missing.billing_month
        and over.usage_date is not distinct from missing.usage_date
        and over.model_key = missing.model_key
        and over.part = 'count'
        and missing.part = 'count'
        and over.count_quantity < 0
        and missing.count_quantity is null
        and missing.used_quantity = 0
        and not over.has_control
        and if(over.meter <> missing.meter, 1, 0) + if(over.processing is distinct from missing.processing, 1, 0) = 1
    inner join {{ ref('int_usage_keys') }} as used on over.pair_id = used.pair_id and used.side = 'computed'
    inner join {{ ref('int_price_lines') }} as own
        on used.price_set_id = own.price_set_id and used.meter = own.meter
    inner join {{ ref('int_price_lines') }} as other
        on own.rate_card_version = other.rate_card_version
        and own.price_book = other.price_book
        and own.channel = other.channel
        and own.model_key = other.model_key
        and own.service_tier = other.service_tier
        and own.geo = other.geo
        and own.schedule = other.schedule
        and own.ctx_min_tokens = other.ctx_min_tokens
        and other.meter = missing.meter
        and other.processing = coalesce(missing.processing, own.processing)
        and other.valid_from_at <= own.valid_from_at
        and coalesce(other.valid_to_at > own.valid_from_at, true)
    where abs(
        cast(-over.count_quantity as decimal(38, 6)) * other.unit_price_usd - missing.amount_usd
    ) <= missing.rounding_allowance_usd

),

single_priced_swaps as (

    select * from priced_swaps
    qualify count(*) over (partition by over_id) = 1 and count(*) over (partition by missing_id) = 1

),

-- input too large or too small by just the cached tokens of the same key
double_counts as (

    select over.pair_id
    from loose as over
    inner join parts as cached
        on over.channel = cached.channel
        and over.account = cached.account
        and over.bill = cached.bill
        and over.billing_month = cached.billing_month
        and over.usage_date is not distinct from cached.usage_date
        and over.model_key = cached.model_key
        and over.api_key_id is not distinct from cached.api_key_id
        and over.processing is not distinct from cached.processing
        and cached.meter = 'input_cache_read_tokens'
        and cached.count_usd = 0
        and abs(over.count_quantity) = cached.used_quantity
    where over.part = 'count' and over.meter = 'input_uncached_tokens' and not over.has_control

),

-- output too large by just the reasoning tokens of the log
reasoned as (

    select over.pair_id
    from loose as over
    inner join (
        select channel, account, model_key, api_key_id, processing, usage_date, sum(reasoning_tokens) as reasoning_tokens
        from {{ ref('fct_llm_calls') }}
        where reasoning_tokens > 0
        group by all
    ) as calls
        on over.channel = calls.channel
        and over.account = calls.account
        and over.model_key = calls.model_key
        and coalesce(over.usage_date = calls.usage_date, date_trunc('month', calls.usage_date) = over.billing_month)
        and coalesce(over.api_key_id = calls.api_key_id, over.api_key_id is null)
        and coalesce(over.processing = calls.processing, over.processing is null)
    where over.part = 'count' and over.meter = 'output_tokens' and over.count_quantity < 0 and not over.has_control
    group by over.pair_id, over.count_quantity
    having sum(calls.reasoning_tokens) = -over.count_quantity

),

named as (

    select over_id as pair_id, residual_code, missing_id as other_pair_id from swaps
    union all
    select missing_id, residual_code, over_id from swaps
    union all
    select over_id, residual_code, missing_id from single_priced_swaps
    anti join swaps on single_priced_swaps.over_id = swaps.over_id
    union all
    select missing_id, residual_code, over_id from single_priced_swaps
    anti join swaps on single_priced_swaps.over_id = swaps.over_id
    union all
    select pair_id, 'log_cache', null from double_counts
    union all
    select pair_id, 'log_output', null from reasoned

),

-- one cause a part; a count that is found elsewhere says more than a size that fits
renamed as (

    select * from named
    qualify row_number() over (
        partition by pair_id order by other_pair_id is null, residual_code, other_pair_id
    ) = 1

),

usage_rows as (

    select
        concat_ws(':', source, account_label, file_id, row_number) as usage_row_id,
        channel,
        account,
        usage_date,
        cost_usd
    from {{ ref('int_usage_priced') }}
    where grain = 'bucket' and pricing_pass = 'booked' and cost_usd > 0

),

-- a day billed as one total, and one usage row of a neighbouring day that is its whole surplus
row_moves as (

    select
        surplus.pair_id as surplus_id,
        used.pair_id as used_id,
        surplus.amount_usd,
        if(surplus.billing_month = used.billing_month, 'timing_day', 'timing_month') as residual_code,
        usage_rows.usage_row_id
    from loose as surplus
    inner join parts as used
        on surplus.channel = used.channel
        and surplus.account = used.account
        and surplus.bill = used.bill
        and used.model_key is null
        and used.meter is null
        and used.has_bill_row
        and abs(surplus.usage_date - used.usage_date) = 1
    inner join usage_rows
        on used.channel = usage_rows.channel
        and used.account = usage_rows.account
        and used.usage_date = usage_rows.usage_date
        and usage_rows.cost_usd = surplus.amount_usd
    where surplus.model_key is null and surplus.meter is null and surplus.amount_usd > 0 and surplus.part = 'rest'
    qualify count(*) over (partition by surplus.pair_id) = 1

)

select
    pair_id,
    'count' as part,
    residual_code,
    cast(null as decimal(38, 18)) as amount_usd,
    other_pair_id,
    cast(null as varchar) as usage_row_id
from renamed
union all
select early_id, early_part, residual_code, early_usd, late_id, null
from moves
anti join renamed on moves.early_id = renamed.pair_id and moves.early_part = 'count'
anti join renamed as other on moves.late_id = other.pair_id and moves.late_part = 'count'
union all
select late_id, late_part, residual_code, late_usd, early_id, null
from moves
anti join renamed on moves.early_id = renamed.pair_id and moves.early_part = 'count'
anti join renamed as other on moves.late_id = other.pair_id and moves.late_part = 'count'
union all
select surplus_id, 'row', residual_code, amount_usd, used_id, usage_row_id
from row_moves
union all
select used_id, 'row', residual_code, -amount_usd, surplus_id, usage_row_id
from row_moves
