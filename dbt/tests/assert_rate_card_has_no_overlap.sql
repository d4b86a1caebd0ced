{{ config(meta={'dagster': {'ref': {'name': 'int_price_sets'}}}) }}
-- A returned row is a pair of prices that both fit one request: a call would be priced twice.
with card as (

    select *, row_number() over () as row_no,
        cast(cast(valid_from as timestamptz) as timestamp) as from_at,
        coalesce(cast(cast(valid_to as timestamptz) as timestamp), timestamp '9999-12-31') as to_at,
        cast(ctx_min_tokens as bigint) as from_tokens,
        coalesce(cast(ctx_max_tokens as bigint), 9223372036854775807) as to_tokens
    from {{ ref('rate_card') }}

)

select one.channel, one.model_key, one.meter, one.processing, one.service_tier, one.geo, one.from_at, another.from_at
from card as one
inner join card as another
    on one.row_no < another.row_no
    and one.channel = another.channel
    and one.model_key = another.model_key
    and one.meter = another.meter
    and one.processing = another.processing
    and one.service_tier = another.service_tier
    and one.geo = another.geo
    and one.from_at < another.to_at
    and another.from_at < one.to_at
    and one.from_tokens < another.to_tokens
    and another.from_tokens < one.to_tokens
