{{ config(materialized='table') }}
-- grain: one row per difference between log and provider usage and cause; computed and all parts together
-- are what the provider says was used
-- A cause needs proof to the last token: the same quantity missing here and too much there, a repeated call,
-- a sibling counter of exactly this size. The rest is unlogged or over-logged.
{% set dimensions = ['api_key_id', 'model', 'processing', 'service_tier', 'geo'] -%}
with comparisons as (select * from {{ ref('int_usage_comparisons') }}),

days as (select * from {{ ref('int_comparison_days') }}),

meters as (select * from {{ ref('meters') }}),

gaps as (

    select comparisons.*, meters.is_token
    from comparisons
    inner join meters on comparisons.meter = meters.meter
    where comparisons.gap_quantity <> 0 or comparisons.gap_usd <> 0

),

duplicates as (

    select
        lines.channel,
        lines.account,
        lines.usage_date,
        if(days.has_control_key, lines.api_key_id, null) as api_key_id,
        lines.model,
        if(days.is_processing_unreported, null, lines.processing) as processing,
        if(days.is_tier_unreported, null, lines.service_tier) as service_tier,
        if(days.is_geo_unreported, null, lines.geo) as geo,
        lines.meter,
        sum(lines.quantity) as quantity,
        sum(lines.cost_usd) as cost_usd
    from {{ ref('int_duplicate_lines') }} as lines
    inner join days
        on lines.channel = days.channel
        and lines.account = days.account
        and lines.usage_date = days.usage_date
    group by all

),

-- repeated calls prove no more than is too much
repeated as (

    select
        gaps.comparison_id,
        'duplicate_calls' as residual_code,
        cast(-duplicates.quantity as decimal(38, 6)) as part_quantity,
        cast(-duplicates.cost_usd as decimal(38, 18)) as part_usd
    from gaps
    inner join duplicates
        on gaps.channel = duplicates.channel
        and gaps.account = duplicates.account
        and gaps.usage_date = duplicates.usage_date
        and gaps.meter = duplicates.meter
        {%- for column in dimensions %}
        and gaps.{{ column }} is not distinct from duplicates.{{ column }}
        {%- endfor %}
    where duplicates.quantity <= -gaps.gap_quantity

),

open_gaps as (

    select
        gaps.*,
        cast(gaps.gap_quantity - coalesce(repeated.part_quantity, 0) as decimal(38, 6)) as open_quantity,
        -- repeated calls have a price of their own: the rest of the count is valued again
        cast(
            case
                when repeated.comparison_id is null then gaps.gap_usd
                when gaps.reported_prices = 1
                    then cast(gaps.gap_quantity - repeated.part_quantity as decimal(38, 6)) * gaps.reported_price_usd
                else gaps.gap_usd - repeated.part_usd
            end as decimal(38, 18)
        ) as open_usd
    from gaps
    left join repeated on gaps.comparison_id = repeated.comparison_id
    where repeated.comparison_id is null or gaps.gap_quantity <> repeated.part_quantity

),

-- the same quantity too much under one name and missing under another
moved as (

    select
        over.comparison_id as over_id,
        missing.comparison_id as missing_id,
        case
            when over.usage_date <> missing.usage_date
                then if(over.billing_month = missing.billing_month, 'timing_day', 'timing_month')
            when over.meter <> missing.meter then 'log_cache'
            when over.model <> missing.model then 'log_model'
            when over.processing is distinct from missing.processing then 'log_batch'
            when over.service_tier is distinct from missing.service_tier then 'log_tier'
            when over.geo is distinct from missing.geo then 'log_region'
            else 'log_key'
        end as residual_code,
        if(over.usage_date <> missing.usage_date, 1, 0) + if(over.meter <> missing.meter, 1, 0)
        {%- for column in dimensions %}
        + if(over.{{ column }} is distinct from missing.{{ column }}, 1, 0)
        {%- endfor %}
            as changes
    from (select *, date_trunc('month', usage_date) as billing_month from open_gaps where open_quantity < 0) as over
    inner join (select *, date_trunc('month', usage_date) as billing_month from open_gaps where open_quantity > 0)
        as missing
        on over.channel = missing.channel
        and over.account = missing.account
        and over.open_quantity = -missing.open_quantity
        and abs(over.usage_date - missing.usage_date) <= 1
        and (
            over.meter = missing.meter
            or (starts_with(over.meter, 'input_') and starts_with(missing.meter, 'input_') and over.is_token and missing.is_token)
        )
    where changes = 1

),

matched_moves as (

    select * from moved
    qualify row_number() over (partition by over_id order by residual_code, missing_id) = 1
        and row_number() over (partition by missing_id order by residual_code, over_id) = 1

),

named_moves as (

    select over_id as comparison_id, residual_code from matched_moves
    union all
    select missing_id, residual_code from matched_moves

),

-- what the provider reports for the other meters of the same key
siblings as (

    select
        channel,
        account,
        usage_date,
        {{ dimensions | join(', ') }},
        sum(reported_quantity) filter (where meter = 'input_cache_read_tokens') as read_tokens,
        sum(reported_quantity) filter (where starts_with(meter, 'input_cache_write')) as write_tokens,
        bool_and(gap_quantity = 0) filter (where meter in ('input_uncached_tokens', 'output_tokens')) as is_counted,
        bool_and(gap_quantity = 0) filter (where meter <> 'output_tokens') as is_input_counted
    from comparisons
    group by all

),

-- reasoning stands inside the output; a log that adds it again shows exactly so much more
reasoning as (

    select
        calls.channel,
        calls.account,
        calls.usage_date,
        if(days.has_control_key, calls.api_key_id, null) as api_key_id,
        coalesce(calls.model_key, calls.model_served, 'unknown') as model,
        if(days.is_processing_unreported, null, calls.processing) as processing,
        if(days.is_tier_unreported, null, calls.service_tier) as service_tier,
        if(days.is_geo_unreported, null, calls.geo) as geo,
        sum(calls.reasoning_tokens) as reasoning_tokens
    from {{ ref('fct_llm_calls') }} as calls
    semi join (
        select channel, account, usage_date from open_gaps where meter = 'output_tokens' and open_quantity < 0
    ) as over
        on calls.channel = over.channel
        and calls.account = over.account
        and calls.usage_date = over.usage_date
    inner join days
        on calls.channel = days.channel
        and calls.account = days.account
        and calls.usage_date = days.usage_date
    where calls.reasoning_tokens > 0
    group by all

),

judged as (

    select
        open_gaps.comparison_id,
        case
            when named_moves.residual_code is not null then named_moves.residual_code
            -- the same counts at another price: the log has them in another context band
            when open_gaps.open_quantity = 0 then 'log_context'
            when
                open_gaps.meter = 'input_uncached_tokens'
                and abs(open_gaps.open_quantity) in (
                    siblings.read_tokens, siblings.write_tokens, siblings.read_tokens + siblings.write_tokens
                )
                then 'log_cache'
            -- a log without this cache counter, right in all others
            when
                starts_with(open_gaps.meter, 'input_cache') and open_gaps.logged_quantity = 0 and siblings.is_counted
                then 'log_cache'
            when
                open_gaps.meter = 'output_tokens' and -open_gaps.open_quantity = reasoning.reasoning_tokens
                and siblings.is_input_counted
                then 'log_output'
            when not open_gaps.is_token and open_gaps.open_quantity > 0 then 'tool_fee'
            when open_gaps.open_quantity > 0 then 'unlogged'
            else 'over_logged'
        end as residual_code,
        open_gaps.open_quantity as part_quantity,
        open_gaps.open_usd as part_usd
    from open_gaps
    left join named_moves on open_gaps.comparison_id = named_moves.comparison_id
    left join siblings
        on open_gaps.channel = siblings.channel
        and open_gaps.account = siblings.account
        and open_gaps.usage_date = siblings.usage_date
        {%- for column in dimensions %}
        and open_gaps.{{ column }} is not distinct from siblings.{{ column }}
        {%- endfor %}
    left join reasoning
        on open_gaps.channel = reasoning.channel
        and open_gaps.account = reasoning.account
        and open_gaps.usage_date = reasoning.usage_date
        {%- for column in dimensions %}
        and open_gaps.{{ column }} is not distinct from reasoning.{{ column }}
        {%- endfor %}

),

causes as (

    select * from repeated
    union all by name
    select * from judged

)

select
    causes.residual_code,
    causes.part_quantity,
    causes.part_usd,
    gaps.comparison_id,
    gaps.channel,
    gaps.account,
    gaps.usage_date,
    {%- for column in dimensions %}
    gaps.{{ column }},
    {%- endfor %}
    gaps.meter,
    gaps.price_set_id,
    gaps.unit_price_usd,
    gaps.list_unit_price_usd,
    gaps.unpriced_reason,
    gaps.logged_quantity,
    gaps.reported_quantity
from causes
inner join gaps on causes.comparison_id = gaps.comparison_id
