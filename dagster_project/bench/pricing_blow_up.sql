-- Adds invented models to the card until it has `card_rows` rows: copies of the menu's models under
-- names of their own, each with six prices in a row over the 330 days.
-- Variables: card_rows. Needs views bench_card, bench_aliases and the table menu of the real card.

create or replace temp table patterns as
with models as (

    select channel, model_key, row_number() over (order by hash(channel, model_key)) - 1 as place
    from (select distinct channel, model_key from menu)

),

sizes as (

    select channel, model_key, count(*) * 6 as added
    from (
        -- one row per meter and band, whatever its periods
        select distinct
            channel, model_key, meter, processing, service_tier, geo, schedule, ctx_min_tokens, ctx_max_tokens
        from bench_card
    )
    group by all

)

select models.*, sizes.added, sum(sizes.added) over (order by models.place) as added_so_far
from models
inner join sizes
    on models.channel = sizes.channel
    and models.model_key = sizes.model_key;

create or replace temp table copies as
select
    patterns.channel,
    patterns.model_key,
    'bench-' || rounds.range || '-' || patterns.place as copy_key,
    rounds.range * (select max(added_so_far) from patterns) + patterns.added_so_far - patterns.added as rows_before
from patterns
cross join range(2000) as rounds
where rows_before < getvariable('card_rows') - (select count(*) from bench_card);

create or replace temp table added_card as
with latest as (

    select bench_card.*
    from bench_card
    where bench_card.removed_in is null
    qualify row_number() over (
        partition by
            channel, model_key, meter, processing, service_tier, geo, schedule, ctx_min_tokens, ctx_max_tokens
        order by valid_from desc
    ) = 1

)

select
    latest.* replace (
        copies.copy_key as model_key,
        left(md5(concat_ws('|', latest.rate_id, copies.copy_key, periods.range)), 16) as rate_id,
        cast(cast(latest.unit_price as decimal(28, 18)) * (periods.range + 1) as varchar) as unit_price,
        strftime(timestamp '2026-01-01' + to_days(cast(periods.range * 55 as integer)), '%Y-%m-%dT%H:%M:%SZ') as valid_from,
        if(
            periods.range = 5, null,
            strftime(timestamp '2026-01-01' + to_days(cast(periods.range * 55 + 55 as integer)), '%Y-%m-%dT%H:%M:%SZ')
        ) as valid_to
    )
from latest
inner join copies
    on latest.channel = copies.channel
    and latest.model_key = copies.model_key
cross join range(6) as periods;

create or replace temp table added_aliases as
select channel, copy_key as raw_model, copy_key as model_key
from copies;
