{{ config(materialized='table') }}
-- grain: one row per price set and meter with a price
-- A price set is all meters of one model in one book, processing mode, service tier, geography,
-- schedule, context band and price period, so that a call joins one set.
with prices as (select * from {{ ref('int_prices') }}),

{% set key -%}
    rate_card_version, price_book, channel, model_key, processing, service_tier, geo, schedule,
    ctx_min_tokens, ctx_max_tokens
{%- endset %}
bounds as (

    select {{ key }}, valid_from_at as bound_at
    from prices
    union
    select {{ key }}, valid_to_at as bound_at
    from prices
    where valid_to_at is not null

),

periods as (

    select *, lead(bound_at) over (partition by {{ key }} order by bound_at) as next_bound_at
    from bounds

)

select
    left(
        md5(concat_ws(
            '|', periods.rate_card_version, periods.price_book, periods.channel, periods.model_key, periods.processing,
            periods.service_tier, periods.geo, periods.schedule, periods.ctx_min_tokens, periods.bound_at
        )),
        16
    ) as price_set_id,
    periods.* exclude (bound_at, next_bound_at),
    periods.bound_at as valid_from_at,
    periods.next_bound_at as valid_to_at,
    prices.provider,
    prices.meter,
    prices.rate_id,
    prices.contract_id,
    prices.rate_status,
    prices.priced_per,
    prices.list_unit_price_usd,
    prices.unit_price_usd
from periods
inner join prices
    on periods.rate_card_version = prices.rate_card_version
    and periods.price_book = prices.price_book
    and periods.channel = prices.channel
    and periods.model_key = prices.model_key
    and periods.processing = prices.processing
    and periods.service_tier = prices.service_tier
    and periods.geo = prices.geo
    and periods.schedule = prices.schedule
    and periods.ctx_min_tokens = prices.ctx_min_tokens
    and periods.ctx_max_tokens is not distinct from prices.ctx_max_tokens
    and prices.valid_from_at <= periods.bound_at
    and (prices.valid_to_at is null or periods.bound_at < prices.valid_to_at)
