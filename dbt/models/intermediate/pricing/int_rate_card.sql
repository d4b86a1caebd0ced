{{ config(materialized='table') }}
-- grain: one row per list price in force in a rate-card version that some day is priced with: the
-- current version, those that closed months keep or are restated with, and two under comparison
with card as (select * from {{ ref('rate_card') }}),

meters as (select * from {{ ref('meters') }}),

used_versions as (

    select cast(version_number as integer) as version_number, rate_card_version
    from {{ ref('rate_card_versions') }}
    where is_current
        or rate_card_version in (
            select compared.rate_card_version from {{ source('raw_control', 'compared_versions') }} as compared
        )
        or rate_card_version in (select rate_card_version from {{ ref('int_period_closes') }})
        or rate_card_version in (select to_version from {{ ref('int_restatements') }})

)

select
    used_versions.rate_card_version,
    card.rate_id,
    card.provider,
    card.channel,
    card.model_key,
    card.meter,
    card.processing,
    card.service_tier,
    card.geo,
    card.schedule,
    cast(card.ctx_min_tokens as bigint) as ctx_min_tokens,
    cast(card.ctx_max_tokens as bigint) as ctx_max_tokens,
    cast(card.unit_price as decimal(28, 18)) as list_unit_price_usd,
    cast(meters.priced_per as integer) as priced_per,
    cast(cast(card.valid_from as timestamptz) as timestamp) as valid_from_at,
    cast(cast(card.valid_to as timestamptz) as timestamp) as valid_to_at,
    card.status as rate_status
from card
inner join used_versions
    on cast(card.added_in as integer) <= used_versions.version_number
    and (card.removed_in is null or cast(card.removed_in as integer) > used_versions.version_number)
inner join meters on card.meter = meters.meter
where card.currency = 'USD'
