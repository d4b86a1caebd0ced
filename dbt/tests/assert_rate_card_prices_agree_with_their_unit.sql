{{ config(meta={'dagster': {'ref': {'name': 'int_price_sets'}}}) }}
-- A returned row is a price whose unit price is not the published price of its block of units, or
-- that is cheaper in cache, or dearer in batch, than it may be.
with card as (

    select
        *,
        cast(published_price as decimal(28, 9)) as published,
        cast(unit_price as decimal(28, 18)) as unit
    from {{ ref('rate_card') }}

),

standard as (select * from card where processing = 'realtime' and service_tier = 'standard'),

wrong_unit as (

    select model_key, meter, valid_from, 'unit price is not the published price' as fault
    from card
    where unit * cast(published_per as bigint) <> published

),

dear_cache as (

    select cached.model_key, cached.meter, cached.valid_from, 'a cache read is dearer than input' as fault
    from card as cached
    inner join card as input
        using (channel, model_key, processing, service_tier, geo, ctx_min_tokens, valid_from)
    where cached.meter = 'input_cache_read_tokens'
        and input.meter = 'input_uncached_tokens'
        and cached.unit > input.unit

),

dear_batch as (

    select batch.model_key, batch.meter, batch.valid_from, 'batch is dearer than standard' as fault
    from card as batch
    inner join standard using (channel, model_key, meter, geo, ctx_min_tokens, valid_from)
    where batch.processing = 'batch' and batch.unit > standard.unit

)

select * from wrong_unit
union all
select * from dear_cache
union all
select * from dear_batch
