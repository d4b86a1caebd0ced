{{ config(meta={'dagster': {'ref': {'name': 'int_rate_card'}}}) }}
-- A returned row is a pair of prices of one version that both fit one request: a call would be
-- priced twice. A price of every hour overlaps the price of any schedule.
with card as (

    select
        *,
        row_number() over (order by rate_id) as row_no,
        coalesce(valid_to_at, timestamp '9999-12-31') as to_at,
        coalesce(ctx_max_tokens, 9223372036854775807) as to_tokens
    from {{ ref('int_rate_card') }}

)

select one.channel, one.model_key, one.meter, one.processing, one.service_tier, one.geo, one.rate_id, another.rate_id
from card as one
inner join card as another
    on one.rate_card_version = another.rate_card_version
    and one.channel = another.channel
    and one.model_key = another.model_key
    and one.meter = another.meter
    and one.processing = another.processing
    and one.service_tier = another.service_tier
    and one.geo = another.geo
    and one.row_no < another.row_no
    and (one.schedule = another.schedule or one.schedule = 'always' or another.schedule = 'always')
    and one.valid_from_at < another.to_at
    and another.valid_from_at < one.to_at
    and one.ctx_min_tokens < another.to_tokens
    and another.ctx_min_tokens < one.to_tokens
