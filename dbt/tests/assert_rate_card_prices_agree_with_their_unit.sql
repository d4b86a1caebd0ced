{{ config(meta={'dagster': {'ref': {'name': 'int_rate_card'}}}) }}
-- A returned row is a price whose unit price is not the published price of its block of units, or
-- that names a meter, a status or a currency that nothing else knows.
with card as (

    select
        *,
        cast(published_price as decimal(28, 12)) as published,
        cast(unit_price as decimal(28, 18)) as unit
    from {{ ref('rate_card') }}

),

meters as (select * from {{ ref('meters') }})

select card.rate_id, card.model_key, card.meter, card.valid_from
from card
left join meters on card.meter = meters.meter
where meters.meter is null
    or card.unit * cast(card.published_per as bigint) <> card.published * cast(meters.priced_per as bigint)
    or card.status not in ('confirmed', 'announced', 'assumed')
    or card.currency <> 'USD'
