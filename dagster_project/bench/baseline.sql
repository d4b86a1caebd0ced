-- The same job as one hand-written script for one DuckDB process: raw tables, the priced calls, the
-- ledger and four unit-cost marts of the benchmark's own logs, as fast as plain SQL makes them.
-- Left out, because only these logs have to fit: checks of any input, other formats and sources, bills
-- and reconciliation, incremental days, loaded unit costs, contracts, closed months, the user's own
-- model names, meters that no call of these logs has. baseline_units.sql is its second half.
-- Variables: call_files, event_files, seeds, reference, hash_inner, hash_outer.

create macro keyed_hash(text) as
    left(sha256(getvariable('hash_outer') || unhex(sha256(getvariable('hash_inner') || encode(text)))), 32);

---------- raw

create table users as
select user_id, keyed_hash(user_id) as user_key
from (
    select user_id from read_parquet(getvariable('call_files'))
    union
    select user_id from read_parquet(getvariable('event_files'))
)
where user_id is not null;

create table raw_calls as
select
    parse_filename(calls.filename, true) as file_name,
    calls.file_row_number + 1 as row_number,
    'bench_calls' as source,
    'default' as account_label,
    calls.* exclude (filename, file_row_number, user_id),
    users.user_key,
    cast(null as bigint) as prompt_length,
    cast(null as varchar) as prompt_hash,
    cast(null as bigint) as response_length,
    cast(null as varchar) as response_hash
from read_parquet(getvariable('call_files'), filename = true, file_row_number = true) as calls
left join users on calls.user_id = users.user_id;

create table raw_events as
select events.* exclude (user_id), users.user_key
from read_parquet(getvariable('event_files')) as events
left join users on events.user_id = users.user_id;

---------- prices

create table card as
select
    cards.rate_id,
    cards.channel,
    cards.model_key,
    cards.meter,
    cards.processing,
    cards.service_tier,
    cards.geo,
    cast(cards.ctx_min_tokens as bigint) as ctx_min_tokens,
    cast(cards.ctx_max_tokens as bigint) as ctx_max_tokens,
    cast(cards.unit_price as decimal(28, 18)) as unit_price_usd,
    cards.status as rate_status,
    cast(cast(cards.valid_from as timestamptz) as timestamp) as valid_from,
    cast(cast(cards.valid_to as timestamptz) as timestamp) as valid_to,
    versions.rate_card_version
from read_csv(getvariable('seeds') || '/rate_card.csv', all_varchar = true, header = true) as cards
inner join (
    select cast(version_number as integer) as number, rate_card_version
    from read_csv(getvariable('seeds') || '/rate_card_versions.csv', all_varchar = true, header = true)
    where is_current = 'true'
) as versions
    on cast(cards.added_in as integer) <= versions.number
    and (cards.removed_in is null or cast(cards.removed_in as integer) > versions.number)
-- the two channels of these logs have no price by the hour
where cards.channel in ('openai', 'anthropic') and cards.schedule = 'always';

create table price_lines as
with bounds as (

    select channel, model_key, processing, service_tier, geo, ctx_min_tokens, ctx_max_tokens, valid_from as bound
    from card
    union
    select channel, model_key, processing, service_tier, geo, ctx_min_tokens, ctx_max_tokens, valid_to
    from card
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
            '|', card.rate_card_version, '', periods.channel, periods.model_key, periods.processing,
            periods.service_tier, periods.geo, 'always', periods.ctx_min_tokens, periods.valid_from
        )),
        16
    ) as price_set_id,
    card.rate_card_version,
    periods.*,
    card.meter,
    card.rate_id,
    card.rate_status,
    card.unit_price_usd
from periods
inner join card
    on periods.channel = card.channel
    and periods.model_key = card.model_key
    and periods.processing = card.processing
    and periods.service_tier = card.service_tier
    and periods.geo = card.geo
    and periods.ctx_min_tokens = card.ctx_min_tokens
    and periods.ctx_max_tokens is not distinct from card.ctx_max_tokens
    and card.valid_from <= periods.valid_from
    and (card.valid_to is null or periods.valid_from < card.valid_to);

create table prices as
select
    * exclude (meter, rate_id, rate_status, unit_price_usd),
    max(unit_price_usd) filter (where meter = 'input_uncached_tokens') as input_uncached_usd,
    max(unit_price_usd) filter (where meter = 'input_cache_read_tokens') as cache_read_usd,
    max(unit_price_usd) filter (where meter = 'input_cache_write_5m_tokens') as write_5m_usd,
    max(unit_price_usd) filter (where meter = 'input_cache_write_1h_tokens') as write_1h_usd,
    max(unit_price_usd) filter (where meter = 'output_tokens') as output_usd,
    bool_or(rate_status <> 'confirmed') as has_unconfirmed_price
from price_lines
group by all;

create table models as
select
    channel,
    raw_model,
    model_key,
    provider,
    coalesce(cast(valid_from as date), date '1970-01-01') as valid_from,
    coalesce(cast(valid_to as date), date '9999-12-31') as valid_to
from read_csv(getvariable('seeds') || '/model_aliases.csv', all_varchar = true, header = true);

create table feature_keys as
select match_value as api_key_id, feature, team
from read_csv(getvariable('reference') || '/feature_map.csv', all_varchar = true, header = true);

create table internal_users as
select keyed_hash(user_id) as user_key
from read_csv(getvariable('reference') || '/internal_users.csv', all_varchar = true, header = true);

---------- calls

create table dropped_copies as
with repeated as (select hash(call_id) as id_hash from raw_calls group by id_hash having count(*) > 1)

select file_name, row_number
from raw_calls
where hash(call_id) in (select id_hash from repeated)
qualify row_number() over (partition by call_id order by requested_at, file_name, row_number) > 1;

create table calls as
with buckets as (

    select
        *,
        cast(requested_at as date) as usage_date,
        coalesce(model_served, model_requested) as answered,
        if(coalesce(service_tier, 'default') = 'default', 'standard', service_tier) as tier,
        case when coalesce(geo, 'not_available') = 'not_available' then 'global' else geo end as region,
        coalesce(input_tokens, 0)
        - if(usage_convention = 'inclusive', coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0), 0)
            as uncached,
        coalesce(cache_read_tokens, 0) as cache_read,
        coalesce(cache_write_5m_tokens, 0) as write_5m,
        coalesce(cache_write_1h_tokens, 0) as write_1h,
        coalesce(output_tokens, 0) as output,
        uncached + cache_read + write_5m + write_1h as prompt
    from raw_calls
    anti join dropped_copies using (file_name, row_number)

),

priced as (

    select
        buckets.*,
        models.model_key,
        prices.price_set_id,
        prices.rate_card_version,
        prices.ctx_min_tokens,
        prices.valid_from as price_valid_from_at,
        prices.has_unconfirmed_price,
        case
            when uncached + cache_read + write_5m + write_1h + output = 0 then null
            when models.model_key is null then 'unknown_model'
            when
                price_set_id is null
                or (uncached > 0 and input_uncached_usd is null)
                or (cache_read > 0 and cache_read_usd is null)
                or (write_5m > 0 and write_5m_usd is null)
                or (write_1h > 0 and write_1h_usd is null)
                or (output > 0 and output_usd is null)
                then 'no_published_rate'
        end as unpriced_reason,
        cast(
            uncached * coalesce(input_uncached_usd, 0) + cache_read * coalesce(cache_read_usd, 0)
            + write_5m * coalesce(write_5m_usd, 0) + write_1h * coalesce(write_1h_usd, 0)
            + output * coalesce(output_usd, 0) as decimal(38, 18)
        ) as tokens_usd
    from buckets
    left join models
        on buckets.channel = models.channel
        and buckets.answered = models.raw_model
        and buckets.usage_date >= models.valid_from
        and buckets.usage_date < models.valid_to
    left join prices
        on buckets.channel = prices.channel
        and models.model_key = prices.model_key
        and buckets.processing = prices.processing
        and buckets.tier = prices.service_tier
        and buckets.region = prices.geo
        and buckets.prompt >= prices.ctx_min_tokens
        and (prices.ctx_max_tokens is null or buckets.prompt < prices.ctx_max_tokens)
        and buckets.requested_at >= prices.valid_from
        and (prices.valid_to is null or buckets.requested_at < prices.valid_to)

)

select
    priced.file_name || ':' || priced.row_number as usage_row_id,
    'call' as grain,
    priced.source,
    priced.account_label || '/' || priced.call_id as source_call_id,
    priced.channel,
    priced.account,
    priced.sub_account,
    priced.api_key_id,
    priced.provider,
    priced.model_requested,
    priced.answered as model_served,
    priced.model_key,
    priced.tier as service_tier,
    priced.processing,
    priced.region as geo,
    cast(1 as bigint) as requests,
    priced.uncached as input_uncached_tokens,
    priced.cache_read as input_cache_read_tokens,
    priced.write_5m as input_cache_write_5m_tokens,
    cast(0 as bigint) as input_cache_write_30m_tokens,
    priced.write_1h as input_cache_write_1h_tokens,
    cast(0 as bigint) as input_cache_write_12h_tokens,
    priced.output as output_tokens,
    cast(0 as bigint) as input_audio_tokens,
    cast(0 as bigint) as input_audio_cache_read_tokens,
    cast(0 as bigint) as input_image_tokens,
    cast(0 as bigint) as input_image_cache_read_tokens,
    cast(0 as bigint) as output_audio_tokens,
    cast(0 as bigint) as output_image_tokens,
    priced.web_search_calls,
    cast(null as struct(meter varchar, quantity decimal(19, 6))[]) as other_meters,
    priced.reasoning_tokens,
    cast(0 as bigint) as gateway_cached_tokens,
    priced.prompt as prompt_tokens,
    case when priced.unpriced_reason is null then priced.tokens_usd end as list_cost_usd,
    case when priced.unpriced_reason is null then priced.tokens_usd end as cost_usd,
    if(priced.unpriced_reason is null, 'rate_card', null) as cost_basis,
    cast(priced.reported_cost as decimal(38, 18)) as reported_cost_usd,
    if(priced.reported_cost is null, null, 'gateway') as reported_cost_basis,
    if(priced.unpriced_reason is null, 'priced', 'unpriced') as price_status,
    priced.unpriced_reason,
    priced.price_set_id,
    priced.rate_card_version,
    priced.ctx_min_tokens,
    priced.price_valid_from_at,
    coalesce(priced.has_unconfirmed_price, false) as has_unconfirmed_price,
    coalesce(priced.feature, feature_keys.feature, 'unattributed') as feature,
    coalesce(priced.team, feature_keys.team, 'unattributed') as team,
    priced.prompt_template,
    priced.prompt_version,
    priced.agent,
    priced.environment,
    priced.user_key,
    internal_users.user_key is not null as is_internal_user,
    priced.tenant,
    priced.session_id,
    priced.trace_id,
    priced.task_id,
    priced.ticket_id,
    priced.attempt_no,
    cast(null as varchar[]) as tags,
    priced.status,
    priced.finish_reason,
    priced.latency_ms,
    priced.is_retry or priced.attempt_no > 1 as is_retry,
    priced.is_fallback,
    priced.is_cache_hit,
    priced.prompt_hash,
    priced.usage_date,
    priced.requested_at
from priced
left join feature_keys on priced.api_key_id = feature_keys.api_key_id
left join internal_users on priced.user_key = internal_users.user_key;

---------- ledger

create table charge_lines as
with summed as (

    select
        usage_date, channel, account, provider, model_served, model_key, service_tier, processing, geo,
        ctx_min_tokens, price_set_id, price_valid_from_at, rate_card_version, cost_basis, unpriced_reason,
        sum(input_uncached_tokens) as input_uncached_tokens,
        sum(input_cache_read_tokens) as input_cache_read_tokens,
        sum(input_cache_write_5m_tokens) as input_cache_write_5m_tokens,
        sum(input_cache_write_1h_tokens) as input_cache_write_1h_tokens,
        sum(output_tokens) as output_tokens
    from calls
    group by all

),

long_form as (

    from summed unpivot (
        quantity for meter in (
            input_uncached_tokens, input_cache_read_tokens, input_cache_write_5m_tokens, input_cache_write_1h_tokens,
            output_tokens
        )
    )
    where quantity > 0

)

select
    long_form.* replace (cast(long_form.quantity as decimal(38, 6)) as quantity),
    'call' as charge_origin,
    cast(null as varchar) as charge_class,
    cast(null as varchar) as charge_description,
    if(unpriced_reason is null, price_lines.rate_id, null) as rate_id,
    if(unpriced_reason is null, price_lines.rate_status, null) as rate_status,
    cast(null as varchar) as contract_id,
    if(unpriced_reason is null, 1, null) as priced_per,
    if(unpriced_reason is null, price_lines.unit_price_usd, null) as list_unit_price_usd,
    list_unit_price_usd as unit_price_usd,
    if(
        unpriced_reason is null,
        cast(cast(long_form.quantity as decimal(20, 0)) * price_lines.unit_price_usd as decimal(38, 18)), null
    ) as list_cost_usd,
    list_cost_usd as cost_usd,
    cast(null as date) as restated_on
from long_form
left join price_lines
    on long_form.price_set_id = price_lines.price_set_id
    and long_form.meter = price_lines.meter;
