-- The yardstick of the pricing benchmark: the generated calls joined to their names and to a plain
-- effective-dated wide card, on equality keys with ranges as residuals, and nothing else.
-- Left out, because only the generated calls have to fit: contracts, closed months, the user's own
-- names, prices by the hour, meters beside these seven, reported costs, checks of the usage.
-- Needs views bench_rows, bench_card, bench_aliases, bench_versions. The view at the end is the join;
-- the benchmark writes the columns of it that it writes of TrueUp's.

create or replace table bare.card as
with current_card as (

    select
        bench_card.* exclude (ctx_min_tokens, ctx_max_tokens, unit_price, valid_from, valid_to),
        bench_versions.rate_card_version,
        cast(bench_card.ctx_min_tokens as bigint) as ctx_min_tokens,
        cast(bench_card.ctx_max_tokens as bigint) as ctx_max_tokens,
        cast(bench_card.unit_price as decimal(28, 18)) as unit_price,
        cast(cast(bench_card.valid_from as timestamptz) as timestamp) as valid_from,
        cast(cast(bench_card.valid_to as timestamptz) as timestamp) as valid_to
    from bench_card
    inner join bench_versions
        on bench_versions.is_current
        and cast(bench_card.added_in as integer) <= cast(bench_versions.version_number as integer)
        and (
            bench_card.removed_in is null
            or cast(bench_card.removed_in as integer) > cast(bench_versions.version_number as integer)
        )
    where bench_card.schedule = 'always'

),

bounds as (

    select channel, model_key, processing, service_tier, geo, ctx_min_tokens, ctx_max_tokens, valid_from as bound
    from current_card
    union
    select channel, model_key, processing, service_tier, geo, ctx_min_tokens, ctx_max_tokens, valid_to
    from current_card
    where valid_to is not null

),

periods as (

    select
        * exclude (bound),
        bound as valid_from,
        lead(bound) over (
            partition by channel, model_key, processing, service_tier, geo, ctx_min_tokens, ctx_max_tokens
            order by bound
        ) as valid_to
    from bounds

)

select
    left(
        md5(concat_ws(
            '|', current_card.rate_card_version, '', periods.channel, periods.model_key, periods.processing,
            periods.service_tier, periods.geo, 'always', periods.ctx_min_tokens, periods.valid_from
        )),
        16
    ) as price_set_id,
    current_card.rate_card_version,
    periods.*,
    max(unit_price) filter (where meter = 'input_uncached_tokens') as input_uncached_usd,
    max(unit_price) filter (where meter = 'input_cache_read_tokens') as cache_read_usd,
    max(unit_price) filter (where meter = 'input_cache_write_5m_tokens') as write_5m_usd,
    max(unit_price) filter (where meter = 'input_cache_write_30m_tokens') as write_30m_usd,
    max(unit_price) filter (where meter = 'input_cache_write_1h_tokens') as write_1h_usd,
    max(unit_price) filter (where meter = 'output_tokens') as output_usd,
    max(unit_price) filter (where meter = 'web_search_calls') as web_search_usd,
    bool_or(current_card.status <> 'confirmed') as has_unconfirmed_price
from periods
inner join current_card
    on periods.channel = current_card.channel
    and periods.model_key = current_card.model_key
    and periods.processing = current_card.processing
    and periods.service_tier = current_card.service_tier
    and periods.geo = current_card.geo
    and periods.ctx_min_tokens = current_card.ctx_min_tokens
    and periods.ctx_max_tokens is not distinct from current_card.ctx_max_tokens
    and current_card.valid_from <= periods.valid_from
    and (current_card.valid_to is null or periods.valid_from < current_card.valid_to)
group by all;

create or replace table bare.names as
select
    channel,
    raw_model,
    model_key,
    provider,
    geo,
    coalesce(cast(valid_from as date), date '1970-01-01') as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
from bench_aliases;

create or replace temp view bare_joined as
select
    bench_rows.* exclude (channel_provider, tier_unpriced_reason, invalid_reason, is_period_charge, geo),
    coalesce(names.geo, bench_rows.geo) as geo,
    names.model_key,
    coalesce(names.provider, bench_rows.channel_provider) as provider,
    card.price_set_id,
    card.rate_card_version,
    card.ctx_min_tokens,
    card.valid_from as price_valid_from_at,
    card.has_unconfirmed_price,
    case
        when names.model_key is null and bench_rows.channel = 'azure' then 'unmapped_deployment'
        when names.model_key is null then 'unknown_model'
        when
            card.price_set_id is null
            or (input_uncached_tokens > 0 and input_uncached_usd is null)
            or (input_cache_read_tokens > 0 and cache_read_usd is null)
            or (input_cache_write_5m_tokens > 0 and write_5m_usd is null)
            or (input_cache_write_30m_tokens > 0 and write_30m_usd is null)
            or (input_cache_write_1h_tokens > 0 and write_1h_usd is null)
            or (output_tokens > 0 and output_usd is null)
            or (web_search_calls > 0 and web_search_usd is null)
            then 'no_published_rate'
    end as unpriced_reason,
    if(unpriced_reason is null, 'rate_card', null) as cost_basis,
    case when unpriced_reason is null then
        cast(
            input_uncached_tokens * coalesce(input_uncached_usd, 0) + input_cache_read_tokens * coalesce(cache_read_usd, 0)
            + input_cache_write_5m_tokens * coalesce(write_5m_usd, 0)
            + input_cache_write_30m_tokens * coalesce(write_30m_usd, 0)
            + input_cache_write_1h_tokens * coalesce(write_1h_usd, 0)
            + output_tokens * coalesce(output_usd, 0) + web_search_calls * coalesce(web_search_usd, 0)
        as decimal(38, 18))
    end as list_cost_usd,
    list_cost_usd as cost_usd
from bench_rows
left join bare.names as names
    on bench_rows.channel = names.channel
    and bench_rows.model_served = names.raw_model
    and bench_rows.usage_date >= names.valid_from
    and bench_rows.usage_date < names.valid_to
left join bare.card as card
    on bench_rows.channel = card.channel
    and names.model_key = card.model_key
    and bench_rows.processing = card.processing
    and bench_rows.service_tier = card.service_tier
    and coalesce(names.geo, bench_rows.geo) = card.geo
    and bench_rows.prompt_tokens >= card.ctx_min_tokens
    and (card.ctx_max_tokens is null or bench_rows.prompt_tokens < card.ctx_max_tokens)
    and bench_rows.requested_at >= card.valid_from
    and (card.valid_to is null or bench_rows.requested_at < card.valid_to);
